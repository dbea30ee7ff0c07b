"""How far a run may go in its helpdesk, by what its source and itself are trusted with.

And which guards are off.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.mode import Mode
from tasks.ports.ledger import Source, WorkerRow
from tasks.run import Run
from tests.acceptance.patience import until
from tests.ledgers import ME, an_arrival, take_in
from tests.twins.clock import NOON, StillClock
from worker.carrying.gate import Gate, OpenGate
from worker.clock import SystemClock
from worker.ledgers import migrating
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff
from worker.telemetry.log import Log
from worker.upkeep.incarnation import Heart

RT = "rt:https://rt.example.org"
NEW = Source(name=RT, mode=Mode.SUGGEST, per_hour=None, since=1.0, by="us", why="it is new")


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlLedger]:
    path = tmp_path_factory.mktemp("gate") / "ledger.db"
    made = SqlLedger(connect(f"sqlite:///{path}"))
    migrating.migrate(made.engine)
    yield made
    made.close()


def _run(ledger: SqlLedger, mode: Mode | None = None) -> Run:
    return take_in(ledger, replace(an_arrival(source=RT), mode=mode))[0]


def _mode(gate: Gate, run: Run) -> Mode:
    return asyncio.run(gate.mode(run))


def test_a_source_of_which_nobody_has_said_anything_may_do_all(ledger: SqlLedger) -> None:
    assert _mode(Gate(ledger, StillClock()), _run(ledger)) is Mode.AUTO


def test_a_source_that_has_begun_since_the_last_look_is_asked_about(ledger: SqlLedger) -> None:
    """Else its first tickets would be written although it is new."""
    gate = Gate(ledger, StillClock())
    gate.look()
    ledger.begin_source(NEW)
    assert _mode(gate, _run(ledger)) is Mode.SUGGEST


@pytest.mark.parametrize("kind", [Gate, OpenGate])
def test_what_an_operator_says_is_heard_at_the_next_look(
    ledger: SqlLedger, kind: type[Gate]
) -> None:
    gate, run = kind(ledger, StillClock()), _run(ledger)
    assert _mode(gate, run) is Mode.AUTO
    ledger.set_source(NEW)
    gate.look()
    assert _mode(gate, run) is Mode.SUGGEST


def test_a_run_may_be_more_careful_than_its_source_and_not_less(ledger: SqlLedger) -> None:
    ledger.begin_source(NEW)
    gate = Gate(ledger, StillClock())
    assert _mode(gate, _run(ledger, Mode.SHADOW)) is Mode.SHADOW
    assert _mode(gate, _run(ledger, Mode.AUTO)) is Mode.SUGGEST


def test_a_process_whose_heart_makes_it_look_at_nothing_asks_by_itself(ledger: SqlLedger) -> None:
    """That of suspects has none."""
    clock = StillClock()
    gate, run = Gate(ledger, clock), _run(ledger)
    assert _mode(gate, run) is Mode.AUTO
    ledger.set_source(NEW)
    clock.at += 4.0
    assert _mode(gate, run) is Mode.SUGGEST


OFF = GuardOff(name="breaker", until=NOON + 60, since=NOON, by="ada", why="a test of ours")


@pytest.mark.parametrize("kind", [Gate, OpenGate])
def test_a_guard_is_off_from_the_next_look_until_its_time(
    ledger: SqlLedger, kind: type[Gate]
) -> None:
    """Whether or not anybody looks again, or takes it out of the ledger."""
    clock = StillClock()
    gate = kind(ledger, clock)
    ledger.switch_off(OFF)
    assert gate.off() == frozenset()
    gate.look()
    assert gate.off() == {"breaker"}
    clock.at = NOON + 59.9
    assert gate.off() == {"breaker"}
    clock.at = NOON + 60
    assert gate.off() == frozenset()


def test_a_guard_that_is_on_again_is_heard_of_at_the_next_look(ledger: SqlLedger) -> None:
    gate = Gate(ledger, StillClock())
    ledger.switch_off(OFF)
    gate.look()
    ledger.switch_on("breaker", by="ada", at=NOON)
    gate.look()
    assert gate.off() == frozenset()


@pytest.mark.alone
@pytest.mark.parametrize("is_mine", [True, False])
def test_every_process_hears_within_two_seconds(
    ledger: SqlLedger, tmp_path: Path, *, is_mine: bool
) -> None:
    """With its heartbeat; and one for suspects, which has none, all the same."""
    clock = SystemClock()
    gate = Gate(ledger, clock)
    row = WorkerRow(
        incarnation=ME,
        host="here",
        pid=1,
        version="1",
        tiers=(),
        beat=0,
        started_at=0.0,
        beat_at=0.0,
    )
    log = Log("test")
    heart = Heart(
        row, locks=tmp_path, ledger=ledger, clock=clock, every=1.0, log=log, and_then=gate.look
    )
    if is_mine:
        heart.start()
    else:
        heart.stand_in_for(ME)
        heart.listen()
    try:
        ledger.switch_off(replace(OFF, until=clock.now() + 60))
        began = clock.monotonic()
        until(gate.off, 10)
        assert clock.monotonic() - began < 2.0
        beats = [worker.beat for worker in ledger.workers()]
        assert bool(beats) == is_mine
    finally:
        heart.hush()
        heart.let_go()
