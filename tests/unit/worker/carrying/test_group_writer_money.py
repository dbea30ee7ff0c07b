"""The group writer and money: what is reserved is reserved once, whatever happens to the line."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.ports.ledger import Reserved
from tasks.run import Run
from tests.ledgers import WAITING, a_change, an_arrival, claim_all, move, take_in
from tests.moneyed import a_wish, answered, cap, stands
from tests.twins.clock import StillClock
from tests.twins.ledger import Fault, FaultyLedger
from worker.carrying import group_writer
from worker.carrying.group_writer import GroupWriter
from worker.ledgers.engine import connect


@pytest.fixture
def ledger(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyLedger]:
    """A ledger that does as it should until it is told otherwise; nobody waits between tries."""
    monkeypatch.setattr(group_writer, "RETRY_SECONDS", 0.0)
    path = shutil.copyfile(migrated_sqlite, tmp_path / "ledger.db")
    opened = FaultyLedger(connect(f"sqlite:///{path}"))
    opened.prepare()
    yield opened
    opened.close()


@contextmanager
def started(ledger: FaultyLedger) -> Iterator[GroupWriter]:
    """A writer at work, whose groups take in whatever comes within 50 ms."""
    writer = GroupWriter(ledger, StillClock(), rows=64, seconds=0.05)
    writer.start()
    yield writer
    writer.stop()


def some_running(ledger: FaultyLedger, count: int) -> list[Run]:
    """Runs that are being worked on."""
    return claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(count))))


@pytest.mark.parametrize("fault", Fault)
def test_a_connection_lost_in_a_reservation_reserves_once(
    ledger: FaultyLedger, fault: Fault
) -> None:
    """Even where there is money for one try alone: it is looked up, not taken for another's."""
    cap(ledger, "economy", 150)
    runs = some_running(ledger, 4)
    moved = move(ledger, runs[3], WAITING)
    changes = [a_wish(run, amount) for run, amount in zip(runs, (100, 60, 50, 1), strict=True)]
    ledger.faults.append(fault)

    async def wish(writer: GroupWriter) -> list[Reserved]:
        return await asyncio.gather(*map(writer.reserve, changes))

    with started(ledger) as writer:
        assert asyncio.run(wish(writer)) == [
            Reserved.DONE,
            Reserved.SHORT,
            Reserved.DONE,
            Reserved.MOVED,
        ]
    assert stands(ledger) == (150, 0)
    for change in (changes[0], changes[2]):
        assert len(ledger.events(change.before.id)) == 3
    assert ledger.run(moved.id) == moved


def test_what_is_settled_leaves_room_for_what_is_reserved_with_it(ledger: FaultyLedger) -> None:
    cap(ledger, "economy", 100)
    run, other = some_running(ledger, 2)
    change = a_wish(run, 100)
    assert ledger.reserve([change]) == [Reserved.DONE]

    async def both(writer: GroupWriter) -> Reserved:
        wish = writer.reserve(a_wish(other, 60))
        assert await writer.commit(a_change(change.after, answered(40)))
        return await wish

    with started(ledger) as writer:
        assert asyncio.run(both(writer)) is Reserved.DONE
    assert stands(ledger) == (60, 40)
