"""What a provider plays, in words: read once, said again the same, refused with what is known."""

import pytest

from tasks.errors import OperatorError
from worker.simulator.catalogue import listed
from worker.simulator.profile import Mix, Profile
from worker.simulator.routes import hashed

MINE = hashed("sk-mine")
GRID = [number / 1000 for number in range(1000)]


def _shares(mix: Mix, key: str = "") -> dict[str, float]:
    """Fault -> its share, over evenly drawn numbers."""
    names = [mix.draw(drawn, key).name for drawn in GRID]
    return {name: names.count(name) / len(GRID) for name in dict.fromkeys(names)}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("ok", "ok"),
        ("error_500", "error_500"),
        ("error_500:0.8", "error_500:0.8"),
        ("rate_2:10%, hang:0.05", "rate_2:0.1,hang:0.05"),
        ("slow_0.5:0.25", "slow_0.5:0.25"),
        ("limit_60", "limit_60"),
        ("limit_60,error_500:0.1", "limit_60,error_500:0.1"),
        ("refused", "refused"),
        ("error_401@sk-mine", f"error_401@{MINE}"),
        (f"error_401@{MINE}", f"error_401@{MINE}"),
        ("0s ok; 60s error_500; 2m ok", "0s ok; 60s error_500; 120s ok"),
        ("ok; 1.5s refused", "0s ok; 1.5s refused"),
        ("0s ok; 5s hang; 10s again", "0s ok; 5s hang; 10s again"),
    ],
)
def test_a_profile_is_read_and_said_again(spec: str, said: str) -> None:
    """In one form, which is read as the same; a key is known by its hash from there on."""
    profile = Profile.parse(spec)
    assert str(profile) == said
    assert str(Profile.parse(said)) == said


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "it says nothing"),
        ("errr_500", "known are ok, rate_seconds, "),
        ("ok; error_500", "a schedule begins at 0s"),
        ("5s ok", "a schedule begins at 0s"),
        ("0s ok; 5s hang; 5s ok", "a later second"),
        ("error_500:1.5", "a share is from 0 to 1"),
        ("error_500:.", "a share is from 0 to 1"),
        ("error_500:0.6,hang:0.6", "more than all"),
        ("refused:0.5", "refused stands alone"),
        ("refused,hang:0.5", "refused stands alone"),
        ("limit_2@sk-mine", "neither share nor key"),
        ("limit_2,limit_3", "one limit is enough"),
        ("limit_0", "there is no fault 'limit_0'"),
        ("error_500:0.5:0.5", "NAME, NAME:SHARE"),
        ("again", "there is no fault 'again'"),
    ],
)
def test_a_bad_profile_is_told_with_what_is_known(spec: str, why: str) -> None:
    with pytest.raises(OperatorError, match="is no profile") as raised:
        Profile.parse(spec)
    assert why in str(raised.value)


def test_every_name_that_is_listed_may_be_said() -> None:
    for name, does in listed():
        assert Profile.parse(name.replace("_N", "_7")).mixes
        assert does


def test_what_has_no_share_befalls_all_and_the_rest_is_well() -> None:
    assert _shares(Profile.parse("error_500").at(0)) == {"error_500": 1.0}
    assert _shares(Profile.parse("rate_2:0.1,hang:0.05").at(0)) == pytest.approx(
        {"rate_2": 0.1, "hang": 0.05, "ok": 0.85}, abs=0.002
    )


def test_a_fault_of_one_key_befalls_no_other() -> None:
    """And what befalls all befalls the rest of that key's requests, in its share."""
    mix = Profile.parse("error_401@sk-mine:0.5,error_500:0.2").at(0)
    assert _shares(mix, hashed("sk-other")) == pytest.approx(
        {"error_500": 0.2, "ok": 0.8}, abs=0.002
    )
    assert _shares(mix, MINE) == pytest.approx(
        {"error_401": 0.5, "error_500": 0.1, "ok": 0.4}, abs=0.002
    )
    revoked = Profile.parse("error_500,error_401@sk-mine").at(0)
    assert _shares(revoked, MINE) == {"error_401": 1.0}
    assert _shares(revoked, "") == {"error_500": 1.0}


def test_a_schedule_is_played_from_its_start() -> None:
    profile = Profile.parse("0s ok; 60s error_500; 2m refused")
    said = [str(profile.at(second)) for second in (0, 59.9, 60, 119.9, 120, 9_999)]
    assert said == ["ok", "ok", "error_500", "error_500", "refused", "refused"]
    assert [profile.changes_in(second) for second in (0, 59, 60, 119, 120)] == [60, 1, 60, 1, None]


def test_a_schedule_that_is_played_again_has_no_end() -> None:
    profile = Profile.parse("0s ok; 50s hang; 60s again")
    assert [str(profile.at(second)) for second in (10, 55, 60, 115)] == ["ok", "hang", "ok", "hang"]
    assert [profile.changes_in(second) for second in (10, 55, 70, 115)] == [40, 5, 40, 5]
