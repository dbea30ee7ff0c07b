"""`triage connect`: a helpdesk that is ready, and each way in which it is not, by its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.fleet import Place, a_place
from tests.servers.roundup import TOKEN, Tracker
from tests.servers.rt import QUEUES, Rt
from worker.helpdesks.rt.setup import initialdata

pytestmark = pytest.mark.timeout(120)

ANOTHER = """\
@CustomFields = ({ Name => 'Escalated', Type => 'FreeformSingle', Queue => 'cards',
    LookupType => 'RT::Queue-RT::Ticket' });
1;
"""
Findings = dict[str, tuple[str, str]]


@contextmanager
def changed(rt: Rt, path: str, name: str, value: object, before: object) -> Iterator[None]:
    """RT's root changes something for a while."""
    rt.ask("PUT", path, body={name: value})
    yield
    rt.ask("PUT", path, body={name: before})


def home(folder: Path, taxonomy: str = "", **variables: str) -> Place:
    named = {f"TRIAGE_HELPDESK_{name}": value for name, value in variables.items()}
    return a_place(folder, named, taxonomy=taxonomy)


@pytest.fixture
def place(tmp_path: Path, rt: Rt) -> Place:
    rt.ask("POST", "/ticket", body={"Queue": "inbox", "Subject": "Anything"})
    return home(tmp_path, URL=rt.url, TOKEN=rt.token)


def findings(place: Place, kind: str, *, code: int = 4) -> Findings:
    """What it says of each thing."""
    said = place.ask("connect", kind, "--json", code=code).json()["findings"]
    return {one["what"]: (one["level"], f"{one['says']}: {one['remedy']}") for one in said}


def number(rt: Rt, path: str, name: str) -> str:
    found = rt.ask("GET", path, fields="Name", per_page=100)["items"]
    [number] = [one["id"] for one in found if one["Name"] == name]
    return str(number)


def test_an_rt_that_was_set_up_as_we_print_it_is_ready(place: Place) -> None:
    found = findings(place, "rt", code=0)
    level, says = found["queue cards"]
    assert (level, "Issue type, Escalated, Triage key" in says) == ("ok", True)
    assert found["time zone"][1].startswith("UTC")
    assert "left alone" in found["open tickets"][1]
    assert {level for level, _ in found.values()} == {"ok"}


def test_the_set_up_may_be_run_again(place: Place, rt: Rt) -> None:
    """As `connect` says to whoever has named one more queue: nothing is there twice afterwards."""
    queues = (*QUEUES, "parcels")
    said = rt.insert(initialdata(rt.config, queues))
    assert "has a token already" in said
    assert "error" not in said.lower()
    for _ in range(2):
        assert number(rt, "/queues/all", "parcels")
        found = findings(place, "rt", code=0)
        assert {level for level, _ in found.values()} == {"ok"}
        rt.insert(initialdata(rt.config, queues))


def test_two_fields_of_one_name_are_named(place: Place, rt: Rt) -> None:
    """Nobody could tell which one a person has set."""
    rt.insert(ANOTHER)
    fields = rt.ask("GET", f"/queue/{number(rt, '/queues/all', 'cards')}")["TicketCustomFields"]
    _, second = sorted(int(one["id"]) for one in fields if one["name"] == "Escalated")
    level, says = findings(place, "rt")["queue cards"]
    rt.ask("PUT", f"/customfield/{second}", body={"Disabled": 1})
    assert (level, "several custom fields" in says) == ("wrong", True)
    assert findings(place, "rt", code=0)["queue cards"][0] == "ok"


def test_a_disabled_queue_is_named(place: Place, rt: Rt) -> None:
    with changed(rt, f"/queue/{number(rt, '/queues/all', 'cards')}", "Disabled", 1, 0):
        level, says = findings(place, "rt")["queue cards"]
    assert (level, "disabled" in says) == ("wrong", True)


def test_a_field_that_is_no_tickets_field_is_named(place: Place, rt: Rt) -> None:
    escalated = next(
        str(one["id"])
        for one in rt.ask("GET", "/queue/inbox")["TicketCustomFields"]
        if one["name"] == "Escalated"
    )
    with changed(rt, f"/customfield/{escalated}", "Disabled", 1, 0):
        level, says = findings(place, "rt")["queue cards"]
    assert (level, "Escalated" in says, "RT::Queue-RT::Ticket" in says) == ("wrong", True, True)


def test_a_user_in_another_time_zone_is_named(place: Place, rt: Rt) -> None:
    user = "/user/triage-fleet"
    with changed(rt, user, "Timezone", "America/New_York", "UTC"):
        level, says = findings(place, "rt")["time zone"]
    assert (level, "Time zone" in says) == ("wrong", True)


def test_a_queue_that_rt_does_not_have_is_named(tmp_path: Path, rt: Rt) -> None:
    taxonomy = '[issue_types.security]\nqueue = "sealed"\n'
    level, says = findings(home(tmp_path, taxonomy, URL=rt.url, TOKEN=rt.token), "rt")[
        "queue sealed"
    ]
    assert (level, "SeeQueue" in says) == ("wrong", True)


@pytest.mark.parametrize(
    ("variables", "what", "remedy"),
    [
        ({"TOKEN": "1-28-0123456789abcdef"}, "token", "TRIAGE_HELPDESK_TOKEN"),
        ({"TOKEN": "a password"}, "token", "no token of Request Tracker"),
        ({"URL": "http://127.0.0.1:9"}, "address", "its people have it"),
    ],
    ids=["another-token", "no-token", "nobody-there"],
)
def test_a_wrong_address_or_token_is_named(
    tmp_path: Path, rt: Rt, variables: dict[str, str], what: str, remedy: str
) -> None:
    place = home(tmp_path, **{"URL": rt.url, "TOKEN": rt.token, **variables})
    level, says = findings(place, "rt")[what]
    assert (level, remedy in says) == ("wrong", True)
    assert variables.get("TOKEN", "-") not in says


def test_a_roundup_that_was_set_up_as_we_print_it_is_ready(
    tmp_path: Path, roundup: Tracker
) -> None:
    roundup.opened("Anything", "At all")
    found = findings(home(tmp_path, URL=roundup.url, TOKEN=TOKEN), "roundup", code=0)
    assert {level for level, _ in found.values()} == {"ok"}
    assert found["queue cards"][0] == "ok"


@pytest.mark.parametrize(
    ("token", "what"), [("triage-fleet:wrong", "user"), ("bob", "user")], ids=["password", "none"]
)
def test_a_user_that_roundup_refuses_is_named(
    tmp_path: Path, roundup: Tracker, token: str, what: str
) -> None:
    level, says = findings(home(tmp_path, URL=roundup.url, TOKEN=token), "roundup")[what]
    assert (level, "USER:PASSWORD" in says) == ("wrong", True)


@pytest.mark.parametrize("kind", ["rt", "roundup"])
def test_what_makes_it_ready_needs_no_address(tmp_path: Path, kind: str) -> None:
    said = a_place(tmp_path).ask("connect", kind, "--setup").out
    assert "Triage Fleet" in said


def test_another_helpdesk_is_no_connectors(tmp_path: Path) -> None:
    said = a_place(tmp_path).ask("connect", "zendesk", code=2)
    assert "rt, roundup" in said.err
