"""How much is right, as the shell tells it: what people said, and what nobody looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.decided import decided, say
from tests.acceptance.fleet import Place, a_place
from worker.ledgers.labelling import How, Label


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home in which every ticket is audited."""
    place = a_place(tmp_path, policy="[audit]\nshare = 1.0\n")
    yield place
    place.clear()


def row(place: Place, **wanted: str) -> dict[str, float]:
    found = place.ask("truth", "--json").json()["rows"]
    [one] = [one for one in found if wanted.items() <= one.items()]
    return dict(one)


def test_with_nothing_decided_it_says_so(place: Place) -> None:
    assert place.ask("truth").out.startswith("nothing was decided since 7d")
    assert place.ask("truth", "--watch").out.startswith("nothing was decided lately")


def test_with_nothing_labelled_it_says_so_and_what_to_do(place: Place) -> None:
    decided(place, "T-1", "T-2")
    said = place.ask("truth").out
    assert "nobody has said anything of these yet" in said
    assert "`triage audit next`" in said
    assert "audit: nothing is labelled, 2 tickets are chosen for it" in said
    assert "0.3 tickets a day\n" in said
    found = place.ask("truth", "--json").json()
    assert found["wrong_a_day"] == {"about": None, "low": None, "high": None}
    assert {one["unseen"] for one in found["rows"]} == {1.0}


def test_what_people_corrected_stands_beside_what_nobody_looked_at(place: Place) -> None:
    """What a person said last of a field counts; others' audits are another matter."""
    cards = decided(place, *(f"T-{number}" for number in range(8)))
    decided(place, "U-1", "U-2", issue_type="exchange", queue="payments")
    say(place, cards[0], How.CORRECTION, "fraud")
    say(place, cards[1], How.CORRECTION, "cards")
    say(place, cards[2], How.REVIEW, "fraud")
    say(place, cards[3], How.AUDIT, "fraud")
    found = row(place, field="queue", issue_type="card")
    assert {name: found[name] for name in ("decided", "corrected", "reviewed", "wrong")} == {
        "decided": 8,
        "corrected": 1,
        "reviewed": 1,
        "wrong": 2,
    }
    assert (found["accuracy_at_most"], found["unseen"]) == (0.75, 0.5)
    assert found["low"] < 0.75 < found["high"]
    other = row(place, field="queue", issue_type="exchange")
    assert (other["decided"], other["wrong"], other["unseen"]) == (2, 0, 1.0)
    grouped = place.ask("truth", "--by", "field", "--json").json()["rows"]
    assert [(one["field"], one["decided"], one["wrong"]) for one in grouped] == [
        ("issue_type", 10, 0),
        ("priority", 10, 0),
        ("queue", 10, 2),
    ]
    types = place.ask("truth", "--by", "type", "--json").json()["rows"]
    assert [(one["issue_type"], one["wrong"]) for one in types] == [("card", 2), ("exchange", 0)]
    shown = place.ask("truth").out
    assert all("%" in line for line in shown.splitlines() if line.startswith("queue "))


def test_a_type_that_only_people_have_said_is_no_error_of_the_fleets(place: Place) -> None:
    """A review counts under what was proposed, as a correction does under what was decided."""
    decided(place, "T-1", "T-2")
    said = decided(place, "U-1", "U-2", issue_type="other", queue="triage")
    for run, proposed in zip(said, ("card", None), strict=True):
        one = Label(
            run=run.id,
            field="issue_type",
            how=How.REVIEW,
            said=proposed,
            truth="other",
            by="ada",
            at=place.shop.clock.now(),
        )
        place.shop.ledger.label([one])
    found = row(place, field="issue_type", issue_type="card")
    counts = ("decided", "reviewed", "wrong", "accuracy_at_most")
    assert [found[name] for name in counts] == [3, 1, 1, pytest.approx(2 / 3)]
    everything = place.ask("truth", "--json").json()
    assert {one["issue_type"] for one in everything["rows"]} == {"card"}
    assert everything["per_day"] == pytest.approx(4 / 7)
    by_field = place.ask("truth", "--by", "field", "--json").json()["rows"]
    assert [one["decided"] for one in by_field] == [3, 3, 3]
    assert (
        "decided: by the fleet, or proposed by it where a person decided" in place.ask("truth").out
    )


def test_what_was_decided_before_is_left_out(place: Place) -> None:
    decided(place, "T-1", ago=9 * 86_400.0)
    decided(place, "T-2")
    assert row(place, field="queue")["decided"] == 1
    longer = place.ask("truth", "--since", "10d", "--by", "field", "--json").json()
    assert longer["rows"][0]["decided"] == 2
    assert longer["per_day"] == pytest.approx(1 / 7)


def test_the_audit_says_how_many_are_wrong_a_day(place: Place) -> None:
    runs = decided(place, *(f"T-{number}" for number in range(14)))
    for run in runs[:10]:
        say(place, run, How.AUDIT, "cards")
        say(place, run, How.AUDIT, "card", field="issue_type")
    say(place, runs[0], How.AUDIT, "fraud")
    found = place.ask("truth", "--json").json()
    queue, whole = found["audit"]["fields"][2:]
    assert (queue["labelled"], queue["right"], whole["right"]) == (10, 9, 9)
    assert (queue["low"], queue["high"]) == pytest.approx((0.5550, 0.9975), abs=1e-3)
    assert found["audit"]["chosen"] == 14
    assert found["per_day"] == 2.0
    about = found["wrong_a_day"]
    assert (about["about"], about["low"], about["high"]) == pytest.approx(
        (0.2, 0.005, 0.89), abs=1e-3
    )
    assert "of which about 0.2 (0.0 to 0.9) have something wrong" in place.ask("truth").out


def test_an_unknown_grouping_is_refused(place: Place) -> None:
    assert "field, type" in place.ask("truth", "--by", "queue", code=2).err
