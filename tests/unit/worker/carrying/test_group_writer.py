"""The group writer: few transactions, and everybody hears their own outcome."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.journey import fold
from tasks.ports.ledger import Change, Claim, Claimed
from tasks.run import Incarnation, Run
from tests.ledgers import (
    ENRICHED,
    WAITING,
    a_change,
    a_claim,
    a_text,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.twins.clock import StillClock
from tests.twins.ledger import Fault, FaultyLedger
from worker.carrying import group_writer
from worker.carrying.group_writer import GroupWriter
from worker.ledgers.engine import connect


@pytest.fixture
def ledger(migrated_sqlite: Path, tmp_path: Path) -> Iterator[FaultyLedger]:
    """A ledger that does as it should until it is told otherwise."""
    path = shutil.copyfile(migrated_sqlite, tmp_path / "ledger.db")
    opened = FaultyLedger(connect(f"sqlite:///{path}"))
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(group_writer, "RETRY_SECONDS", 0.0)


@contextmanager
def started(
    ledger: FaultyLedger, *, rows: int = 64, seconds: float = 0.005
) -> Iterator[GroupWriter]:
    """A writer at work."""
    writer = GroupWriter(ledger, StillClock(), rows=rows, seconds=seconds)
    writer.start()
    yield writer
    writer.stop()


def some_queued(ledger: FaultyLedger, count: int) -> list[Run]:
    """Runs that wait for a worker."""
    return take_in(ledger, *(an_arrival() for _ in range(count)))


def some_running(ledger: FaultyLedger, count: int) -> list[Run]:
    """Runs that are being worked on, in a ledger that has seen no group yet."""
    runs = claim_all(ledger, *some_queued(ledger, count))
    ledger.groups.clear()
    ledger.entered.clear()
    return runs


async def all_of(writer: GroupWriter, *changes: Change) -> list[bool | BaseException]:
    """Everybody's outcome."""
    return await asyncio.gather(
        *(writer.commit(change) for change in changes), return_exceptions=True
    )


def test_commits_that_come_together_share_few_transactions(ledger: FaultyLedger) -> None:
    runs = some_running(ledger, 200)
    changes = [a_change(run, ENRICHED) for run in runs]
    with started(ledger, seconds=0.05) as writer:
        assert asyncio.run(all_of(writer, *changes)) == [True] * 200
    assert sum(ledger.groups) == 200
    assert max(ledger.groups) <= 64
    assert len(ledger.groups) <= 8
    assert [ledger.run(run.id) for run in runs] == [change.after for change in changes]


def test_claims_and_commits_go_side_by_side(ledger: FaultyLedger) -> None:
    queued, running = some_queued(ledger, 20), some_running(ledger, 20)

    async def both(writer: GroupWriter) -> tuple[list[Claimed | None], list[bool]]:
        claims = asyncio.gather(*(writer.claim(a_claim(run)) for run in queued))
        changes = [a_change(run, ENRICHED) for run in running]
        return await claims, await asyncio.gather(*map(writer.commit, changes))

    with started(ledger, seconds=0.05) as writer:
        claimed, committed = asyncio.run(both(writer))
    assert all(claimed)
    assert all(committed)


def test_nobody_is_told_before_it_is_durable(ledger: FaultyLedger) -> None:
    (run,) = some_running(ledger, 1)
    ledger.gate.clear()

    async def look(writer: GroupWriter) -> None:
        told = writer.hand_in(a_change(run, ENRICHED))
        await asyncio.to_thread(ledger.entered.wait)
        assert not told.done()
        ledger.gate.set()
        assert await told

    with started(ledger) as writer:
        asyncio.run(look(writer))


def test_each_of_a_group_hears_its_own_outcome(ledger: FaultyLedger) -> None:
    good, stale, wrong, other = some_running(ledger, 4)
    move(ledger, stale, WAITING)
    group = [
        a_change(good, ENRICHED),
        a_change(stale, ENRICHED),
        a_change(wrong, ENRICHED, bodies=(a_text(wrong.id, "ticket"),)),  # there already
        a_change(other, ENRICHED),
    ]
    with started(ledger, seconds=0.05) as writer:
        first, second, third, fourth = asyncio.run(all_of(writer, *group))
    assert (first, second, fourth) == (True, False, True)
    assert isinstance(third, Exception)
    assert "UNIQUE" in str(third)
    assert ledger.run(wrong.id) == wrong


@pytest.mark.parametrize("fault", Fault)
def test_a_connection_lost_in_a_commit_loses_and_doubles_nothing(
    ledger: FaultyLedger, fault: Fault
) -> None:
    runs = some_running(ledger, 5)
    moved = move(ledger, runs[4], WAITING)
    changes = [a_change(run, ENRICHED, bodies=(a_text(run.id, "facts.3"),)) for run in runs]
    ledger.faults.append(fault)
    with started(ledger, seconds=0.05) as writer:
        assert asyncio.run(all_of(writer, *changes)) == [True, True, True, True, False]
    for change in changes[:4]:
        events = ledger.events(change.before.id)
        assert fold(events) == ledger.run(change.before.id) == change.after
        assert len(events) == 3
    assert ledger.run(moved.id) == moved


def test_an_outage_that_lasts_is_waited_for(ledger: FaultyLedger) -> None:
    (run,) = some_running(ledger, 1)
    ledger.faults += [Fault.BEFORE] * 5 + [Fault.AFTER]
    with started(ledger) as writer:
        assert asyncio.run(all_of(writer, a_change(run, ENRICHED))) == [True]
    assert len(ledger.events(run.id)) == 3


def test_what_was_committed_before_the_outage_stands_even_when_others_went_on_from_there(
    ledger: FaultyLedger,
) -> None:
    (run,) = some_running(ledger, 1)
    change = a_change(run, WAITING)
    with started(ledger) as writer:
        assert asyncio.run(all_of(writer, change)) == [True]
        move(ledger, change.after, sent(change.after))
        ledger.faults.append(Fault.BEFORE)
        assert asyncio.run(all_of(writer, change)) == [True]
        ledger.faults.append(Fault.BEFORE)
        assert asyncio.run(all_of(writer, a_change(run, ENRICHED))) == [False]


@pytest.mark.parametrize("fault", Fault)
def test_a_connection_lost_in_a_claim_gives_the_run_once(
    ledger: FaultyLedger, fault: Fault
) -> None:
    ours, theirs = some_queued(ledger, 2)
    claim_all(ledger, theirs)
    ledger.faults.append(fault)

    async def claim_both(writer: GroupWriter) -> tuple[Claimed | None, Claimed | None]:
        other = Claim(run=theirs.id, send_n=1, owner=Incarnation("somebody else"))
        return await asyncio.gather(writer.claim(a_claim(ours)), writer.claim(other))

    with started(ledger, seconds=0.05) as writer:
        claimed, refused = asyncio.run(claim_both(writer))
    assert claimed
    assert refused is None
    assert claimed.run == ledger.run(ours.id)
    assert claimed.run.fence == 1
    assert claimed.ticket
    assert [event.kind for event in ledger.events(ours.id)] == [Kind.INGESTED, Kind.CLAIMED]


def test_a_second_delivery_does_not_get_what_the_first_one_works_on(ledger: FaultyLedger) -> None:
    """Even when the ledger goes away: that the run is ours already does not make it theirs."""
    (run,) = some_queued(ledger, 1)
    clock = StillClock()
    writer = GroupWriter(ledger, clock, rows=64, seconds=0.0)
    writer.start()
    assert asyncio.run(writer.claim(a_claim(run)))
    clock.at += 1
    ledger.faults.append(Fault.BEFORE)
    assert asyncio.run(writer.claim(a_claim(run))) is None
    writer.stop()


def test_whoever_is_cancelled_before_its_turn_changes_nothing(ledger: FaultyLedger) -> None:
    first, second, third = some_running(ledger, 3)
    ledger.gate.clear()

    async def cancel(writer: GroupWriter) -> None:
        begun = writer.hand_in(a_change(first, ENRICHED))
        await asyncio.to_thread(ledger.entered.wait)
        late = writer.hand_in(a_change(second, ENRICHED))
        last = writer.hand_in(a_change(third, ENRICHED))
        late.cancel()
        ledger.gate.set()
        assert [await begun, await last] == [True, True]

    with started(ledger) as writer:
        asyncio.run(cancel(writer))
    assert ledger.run(second.id) == second


def test_whoever_is_cancelled_in_its_turn_disturbs_nobody(ledger: FaultyLedger) -> None:
    first, second = some_running(ledger, 2)
    ledger.gate.clear()

    async def cancel(writer: GroupWriter) -> None:
        gone = writer.hand_in(a_change(first, ENRICHED))
        stays = writer.hand_in(a_change(second, ENRICHED))
        await asyncio.to_thread(ledger.entered.wait)
        gone.cancel()
        ledger.gate.set()
        assert await stays

    with started(ledger, seconds=0.05) as writer:
        asyncio.run(cancel(writer))
    assert [len(ledger.events(run.id)) for run in (first, second)] == [3, 3]


def test_a_loop_that_has_ended_does_not_take_the_writer_with_it(ledger: FaultyLedger) -> None:
    first, second = some_running(ledger, 2)
    ledger.gate.clear()

    async def leave(writer: GroupWriter) -> None:
        assert not writer.hand_in(a_change(first, ENRICHED)).done()

    with started(ledger) as writer:
        asyncio.run(leave(writer))
        ledger.gate.set()
        assert asyncio.run(writer.commit(a_change(second, ENRICHED)))


def test_stopping_commits_what_was_handed_in(ledger: FaultyLedger) -> None:
    runs = some_running(ledger, 150)
    ledger.gate.clear()

    async def stop(writer: GroupWriter) -> None:
        told = [writer.hand_in(a_change(run, ENRICHED)) for run in runs]
        stopping = asyncio.create_task(asyncio.to_thread(writer.stop))
        await asyncio.to_thread(ledger.entered.wait)
        ledger.gate.set()
        await stopping
        assert await asyncio.gather(*told) == [True] * 150
        with pytest.raises(LedgerDown, match="ends"):
            await writer.commit(a_change(runs[0], ENRICHED))

    writer = GroupWriter(ledger, StillClock(), rows=64, seconds=0.005)
    writer.start()
    asyncio.run(stop(writer))


def test_who_waits_when_it_ends_without_a_ledger_is_told_so(ledger: FaultyLedger) -> None:
    runs = some_running(ledger, 3)
    ledger.is_away = True

    async def stop(writer: GroupWriter) -> list[bool | BaseException]:
        told = [writer.hand_in(a_change(run, ENRICHED)) for run in runs]
        await asyncio.to_thread(writer.stop)
        return await asyncio.gather(*told, return_exceptions=True)

    writer = GroupWriter(ledger, StillClock(), rows=64, seconds=0.005)
    writer.start()
    outcomes = asyncio.run(stop(writer))
    assert [type(outcome) for outcome in outcomes] == [LedgerDown] * 3
    assert [ledger.run(run.id) for run in runs] == runs
