"""A life that others declared over is not taken up again; nothing is sent by one that may be."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.desk import Journal
from tasks.errors import LedgerDown
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from tasks.ticket import ExternalId
from tests.ledgers import ME
from tests.twins.clock import NOON, StillClock
from tests.twins.desk import Office
from worker.helpdesks.fenced import fenced
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log
from worker.upkeep.incarnation import Heart, has_ended

T1 = ExternalId("T-1")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def heart(ledger: SqlLedger, tmp_path: Path, clock: StillClock) -> Iterator[Heart]:
    """One that has begun to beat."""
    heart = _a_heart(ledger, tmp_path, clock)
    heart.begin()
    yield heart
    heart.let_go()


def _a_heart(ledger: SqlLedger, locks: Path, clock: StillClock) -> Heart:
    row = WorkerRow(
        incarnation=ME,
        host="here",
        pid=1,
        version="1",
        tiers=("economy",),
        beat=0,
        started_at=NOON,
        beat_at=NOON,
    )
    return Heart(row, locks=locks, ledger=ledger, clock=clock, every=1.0, log=Log("test"))


def test_a_life_begins_when_its_process_has_warmed_up(
    ledger: SqlLedger, tmp_path: Path, clock: StillClock
) -> None:
    """On a cold machine that takes longer than a beat may be late: nobody has died of it."""
    heart = _a_heart(ledger, tmp_path, clock)
    clock.at += 20
    heart.begin()
    [worker] = ledger.workers()
    assert (worker.started_at, worker.beat_at) == (clock.at, clock.at)
    heart.let_go()


def test_whoever_was_declared_dead_is_born_again(
    heart: Heart, ledger: SqlLedger, tmp_path: Path
) -> None:
    heart.beat()
    assert heart.incarnation == ME
    ledger.bury(ME, NOON)
    heart.beat()
    assert heart.incarnation != ME
    assert [worker.incarnation for worker in ledger.workers()] == [heart.incarnation]
    assert not has_ended(tmp_path, heart.incarnation)
    heart.beat()
    assert ledger.workers()[0].beat == 1


def test_a_heart_is_fresh_while_its_beats_reach_the_ledger(heart: Heart, clock: StillClock) -> None:
    clock.at += 3
    assert heart.is_fresh(4)
    clock.at += 1
    assert not heart.is_fresh(4)
    heart.beat()
    assert heart.is_fresh(4)


def test_whoever_stands_in_lives_as_long_as_the_one_it_stands_for(
    heart: Heart, ledger: SqlLedger, clock: StillClock
) -> None:
    """A suspect's process has no heart of its own."""
    heart.stand_in_for(ME)
    clock.at += 99
    assert heart.is_fresh(4)
    ledger.bury(ME, NOON)
    assert not heart.is_fresh(4)
    heart.stand_in_for(Incarnation("nobody"))
    assert not heart.is_fresh(4)


def test_nothing_is_sent_by_a_worker_that_may_be_taken_for_dead() -> None:
    """It may look; nobody sees that."""
    office = Office()
    lives = iter([True, False, False])

    def desk_of(_journal: Journal) -> object:
        return office.desk

    desk = fenced(desk_of, lambda: next(lives))(office.journal)  # type: ignore[arg-type]
    helpdesk = desk.helpdesk
    asyncio.run(helpdesk.set_fields(T1, {"queue": "fraud"}, key="tf-1", version="0"))
    with pytest.raises(LedgerDown):
        asyncio.run(helpdesk.set_fields(T1, {"queue": "cards"}, key="tf-1", version="1"))
    with pytest.raises(LedgerDown):
        asyncio.run(helpdesk.post_note(T1, "A draft", key="tf-1:note:draft"))
    asyncio.run(helpdesk.look(T1))
    asyncio.run(helpdesk.traces(T1, key="tf-1"))
    assert office.helpdesk.values() == {"queue": "fraud"}
    assert office.helpdesk.posted() == []
