"""What a backfill starts, what it waits for, and how what came of it is told from live tickets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.environment import Environment
from config.mode import Mode
from config.tiers import TIERS
from tasks.causes import Cause, ReviewReason, WaitReason
from tasks.detour import Detour, GiveUp, NeedsHuman, Wait
from tasks.ports.ledger import Pause
from tasks.run import Run, State
from tests.acceptance.fleet import Place, a_line, a_place, an_inbox
from tests.house.reasons import turned
from worker.cli.backfill import Waiting
from worker.compose import open_inbox, open_intake
from worker.embedded import children

ADA = Pause(scope="economy", since=0.0, by="ada", why="the provider answers nonsense")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = a_place(tmp_path)
    yield made
    made.clear()


def _past(place: Place, *tickets: str) -> list[Run]:
    """Tickets that are there to be compared; the helpdesk is ours, which a backfill cannot read."""
    inbox = an_inbox(place.folder / "past.jsonl", [a_line(one, "Which fee?") for one in tickets])
    open_intake(place.shop, Mode.SHADOW).poll(open_inbox(f"file:{inbox}", place.shop))
    return [place.run(one) for one in tickets]


def _waits(reason: WaitReason) -> Wait:
    return Wait(until=9e9, reason=reason, why="a test", spends_attempt=False)


def _turned(place: Place, run: Run, detour: Detour) -> Run:
    return turned(place, run, detour, "classify")


def test_a_fleet_that_does_not_poll_asks_no_source(place: Place) -> None:
    """Neither by beat nor when its worker starts."""
    environment = Environment.read(place.environment)
    for polls in (True, False):
        found = {
            child.name: child.command
            for child in children(place.shop, environment, started_at=0.0, polls=polls)
        }
        assert ("beat" in found) is polls
        [queues] = [word for word in found["worker"] if "economy" in word]
        assert queues.split(",") == [*TIERS, *(["upkeep"] if polls else [])]


def test_a_backfill_that_a_pause_holds_says_so_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """With who has paused it and what to do, and again where another one holds it later."""
    first, second = _past(place, "P-1", "P-2")
    waiting = Waiting(place.shop, first.source)
    assert not waiting.is_over(2)
    assert "paused" not in capsys.readouterr().err
    place.shop.ledger.pause(ADA)
    paused = _turned(place, first, _waits(WaitReason.PAUSED))
    for _ in range(2):
        assert not waiting.is_over(2)
    said = capsys.readouterr().err
    assert said.count("paused: economy, by ada: the provider answers nonsense") == 1
    assert "triage resume economy" in said
    place.shop.ledger.resume("economy")
    _turned(place, paused, NeedsHuman(reason=ReviewReason.UNSURE, why="a test"))
    assert not waiting.is_over(2)
    _turned(place, second, _waits(WaitReason.PARKED))
    assert waiting.is_over(2)
    assert waiting.left() == {"parked": 1}


def test_what_was_parked_is_tried_again_by_the_same_command(place: Place) -> None:
    """A person has mended the key meanwhile."""
    [run] = _past(place, "P-1")
    parked = _turned(place, run, _waits(WaitReason.PARKED))
    waiting = Waiting(place.shop, run.source)
    assert not waiting.is_over(1)
    _turned(place, parked, _waits(WaitReason.PARKED))
    assert waiting.is_over(1)


def test_what_came_of_a_backfill_is_marked_among_the_dead(place: Place) -> None:
    [old] = _past(place, "P-1")
    place.take_in(a_line("T-1", "Which fee?"), a_line("T-2", "Which rate?"))
    live = [place.run(name) for name in ("T-1", "T-2")]
    for run in (old, *live):
        _turned(place, run, GiveUp(cause=Cause.REJECTED, why="a test"))
    rows = place.ask("dead", "list", "--json").json()
    assert {(one["ticket"], one["source"], one["backfill"]) for one in rows} == {
        ("P-1", old.source, True),
        ("T-1", live[0].source, False),
        ("T-2", live[0].source, False),
    }
    table = place.ask("dead", "list").out.splitlines()
    assert ["P-1" in line for line in table if line.rstrip().endswith("backfill")] == [True]
    [group] = place.ask("dead", "list", "--group", "--json").json()
    assert (group["count"], group["backfill"]) == (3, 1)


def test_what_came_of_a_backfill_is_marked_among_the_reviews(place: Place) -> None:
    [old] = _past(place, "P-1")
    place.take_in(a_line("T-1", "Which fee?"))
    for run in (old, place.run("T-1")):
        _turned(place, run, NeedsHuman(reason=ReviewReason.UNSURE, why="a test"))
    rows = place.ask("ticket", "list", "--state", "in_review", "--json").json()
    assert {(one["ticket"], one["backfill"]) for one in rows} == {("P-1", True), ("T-1", False)}
    table = place.ask("ticket", "list", "--state", "in_review").out.splitlines()
    assert ["P-1" in line for line in table if "in_review, backfill" in line] == [True]


def test_the_status_tells_them_apart_and_raises_no_alarm(place: Place) -> None:
    """Nobody waits for a ticket that is closed."""
    review, dead, queued = _past(place, "P-1", "P-2", "P-3")
    _turned(place, review, NeedsHuman(reason=ReviewReason.UNSURE, why="a test"))
    _turned(place, dead, GiveUp(cause=Cause.REJECTED, why="a test"))
    found = place.ask("status", "--json").json()
    assert found["alerts"] == []
    assert found["backfill"] == {"queued": 1, "in_review": 1, "dead": 1}
    assert "of them of a backfill: 1 queued, 1 in_review, 1 dead" in place.ask("status").out
    place.take_in(a_line("T-1", "Which fee?"))
    [alert] = place.ask("status", "--json", code=3).json()["alerts"]
    assert (alert["kind"], alert["name"]) == ("no worker", "workers")
    assert alert["text"].startswith("1 tickets are unrouted")
    assert replace(queued, seq=0).mode is Mode.SHADOW
    assert place.states()[State.QUEUED] == 2
