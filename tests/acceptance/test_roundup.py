"""Issues of a real Roundup tracker are routed in it; what we write there triggers nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.run import Outcome, State
from tests.acceptance.fleet import Place, a_place, lend
from tests.acceptance.patience import until
from tests.servers.roundup import TOKEN, Tracker
from worker.broker import server

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")

pytestmark = pytest.mark.timeout(180)

LOST = "My new card has not arrived yet, it has been two weeks"


@pytest.fixture
def fleet(tmp_path: Path, taught: Path, roundup: Tracker) -> Iterator[Place]:
    """A home whose tickets live in Roundup."""
    with server.start(tmp_path / "redis") as redis:
        named = {"": "roundup", "_URL": roundup.url, "_TOKEN": TOKEN}
        variables = {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()}
        place = a_place(tmp_path, {**variables, "TRIAGE_BROKER_URL": redis.url})
        lend(taught, place)
        place.may_write()
        roundup.tick()
        yield place
        place.clear()


def poll(fleet: Place) -> int:
    """Asks Roundup once; how many runs there are then."""
    fleet.ask("intake", "helpdesk")
    return len(fleet.runs())


def shown(roundup: Tracker, issue: str) -> dict[str, Any]:
    found = roundup.ask("GET", f"/issue/{issue}", **{"@verbose": "2"})["attributes"]
    linked = ("queue", "priority", "status")
    return {**found, **{name: (found[name] or {}).get("name") for name in linked}}


def test_an_issue_is_routed_where_it_was_opened(fleet: Place, roundup: Tracker) -> None:
    before = roundup.opened("Old", LOST)
    until(lambda: roundup.now() > roundup.moved(before))
    assert poll(fleet) == 0, "a first poll begins now"
    issue = roundup.opened("Card", LOST)
    assert poll(fleet) == 1
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    assert fleet.states()[State.WRITTEN] == 1, fleet.runs()
    found = shown(roundup, issue)
    assert (found["queue"], found["priority"], found["issue_type"]) == ("cards", "bug", "card")
    assert shown(roundup, before)["queue"] == "inbox"

    # It can be taken back, and that too; what was there before is nothing, for the most part.
    done = fleet.ask("recall", "--since", "1h", "--yes", "--json").json()
    taken = shown(roundup, issue)
    assert (taken["queue"], taken["issue_type"], done["restored"]) == ("inbox", None, 4)
    fleet.ask("recall", "--batch", done["batch"], "--yes")
    assert shown(roundup, issue)["issue_type"] == "card"

    # What the fleet has written says nothing new, nor does a person's edit or word.
    assert poll(fleet) == 1
    roundup.changed(issue, {"priority": "critical"})
    roundup.written(issue, "Which card is it?", roundup.ada)
    assert poll(fleet) == 1

    # What the customer writes does, once; the person's priority is kept.
    reply = "My card has still not been delivered.\n\nOn 2 Nov 2026, Ada wrote:\n> Which card?"
    roundup.written(issue, reply, roundup.bob)
    assert [poll(fleet) for _ in range(3)] == [2, 2, 2]
    until(fleet.is_settled, 60)
    newest = fleet.run(issue)
    assert (newest.revision, newest.outcome) == (2, Outcome.PARTLY)
    assert shown(roundup, issue)["priority"] == "critical"


def labels(fleet: Place, issue: str) -> dict[str, tuple[str | None, str, str]]:
    """What people say of its newest run: what was decided, what is right, and who says so."""
    found = fleet.shop.ledger.labels_of(fleet.run(issue).id)
    return {one.field: (one.said, one.truth, one.by) for one in found}


def test_what_a_person_changes_afterwards_is_read_back_as_a_correction(
    fleet: Place, roundup: Tracker
) -> None:
    """Roundup does not tell who it was; what we wrote ourselves is known to the ledger."""
    poll(fleet)
    card, closed, ours = (roundup.opened(name, LOST) for name in ("Card", "Closed", "Ours"))
    assert poll(fleet) == 3
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    assert poll(fleet) == 3
    assert [labels(fleet, one) for one in (card, closed, ours)] == [{}, {}, {}]
    roundup.changed(card, {"priority": "critical"})
    roundup.changed(closed, {"queue": "fraud", "status": "resolved"})
    assert [poll(fleet) for _ in range(2)] == [3, 3]
    assert labels(fleet, card) == {"priority": ("3", "1", "helpdesk")}
    assert labels(fleet, closed) == {"queue": ("cards", "fraud", "helpdesk")}
    fleet.ask("recall", "--since", "1h", "--yes")
    assert poll(fleet) == 3
    assert labels(fleet, ours) == {}


def test_what_a_person_sets_beside_a_suggestion_is_read_back(
    fleet: Place, roundup: Tracker
) -> None:
    """By what the issue held when it came in."""
    fleet.ask("source", "set", "helpdesk", "--mode", "suggest", "--yes")
    poll(fleet)
    card, before = roundup.opened("Card", LOST), roundup.opened("Before", LOST)
    roundup.changed(before, {"queue": "fraud"})
    assert poll(fleet) == 2
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    roundup.changed(card, {"queue": "payments"})
    roundup.written(before, "I am on it", roundup.ada)
    assert poll(fleet) == 2
    assert labels(fleet, card) == {"queue": ("cards", "payments", "helpdesk")}
    assert labels(fleet, before) == {}
