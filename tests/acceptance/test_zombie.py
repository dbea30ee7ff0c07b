"""A worker that was frozen for longer than its lease wakes up, and does no harm."""

import os
import re
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing

import pytest

from tasks.events import Event
from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line
from tests.acceptance.patience import until
from tests.acceptance.poisonous_app import GATE

pytestmark = pytest.mark.timeout(240)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.poisonous_app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")
TEXT = "My new card has not arrived yet"
HELD = 8


def _work(place: Place) -> Running:
    before = {worker.incarnation for worker in place.shop.ledger.workers()}
    front = place.start(*WORKER, command=CELERY)
    until(
        lambda: {w.incarnation for w in place.shop.ledger.workers()} - before, 100
    )  # on a busy machine
    return front


def test_whoever_was_taken_for_dead_goes_on_under_a_new_name(manned: Place) -> None:
    gate = manned.home / GATE
    manned.take_in(*[a_line(f"T-{number}", TEXT) for number in range(HELD)])
    gate.touch()
    zombie = _work(manned)
    until(lambda: manned.states()[State.RUNNING] == HELD, 30)
    [life] = manned.shop.ledger.workers()
    until(lambda: _freezes(manned, zombie))
    _work(manned)
    until(lambda: life.incarnation not in _names(manned), 30)
    gate.unlink()
    until(manned.is_settled, 60)
    os.kill(zombie.process.pid, signal.SIGCONT)
    until(lambda: len(_names(manned)) == 2, 30)
    _expect_each_once(manned)
    assert re.search(rf'worker.reborn.*"was": "{life.incarnation}"', zombie.err.read_text())
    manned.take_in(*[a_line(f"L-{number}", TEXT) for number in range(4 * HELD)])
    until(manned.is_settled, 60)
    owners = {str(event.body["owner"]) for event in _claims(manned, "L-")}
    assert owners <= _names(manned)
    assert life.incarnation not in owners
    assert manned.ask("books", "--deep", "--json").json()["balanced"]


def _freezes(place: Place, zombie: Running) -> bool:
    """Whether it stands still without the write lock of SQLite, which would hold up everybody."""
    os.kill(zombie.process.pid, signal.SIGSTOP)
    # Until then its threads may go on, and take the lock after we have looked.
    os.waitid(os.P_PID, zombie.process.pid, os.WSTOPPED)
    with closing(sqlite3.connect(place.home / "ledger.db", timeout=0.5)) as ledger:
        try:
            ledger.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os.kill(zombie.process.pid, signal.SIGCONT)
            return False
    return True


def _names(place: Place) -> set[str]:
    return {str(worker.incarnation) for worker in place.shop.ledger.workers()}


def _claims(place: Place, prefix: str) -> list[Event]:
    runs = [run for run in place.runs() if run.external_id.startswith(prefix)]
    events = [event for run in runs for event in place.shop.ledger.events(run.id)]
    return [event for event in events if event.kind == "claimed"]


def _expect_each_once(place: Place) -> None:
    for run in place.runs():
        assert run.state is State.WRITTEN
        shown = place.shop.sandbox.show(run.external_id)
        assert shown
        assert set(Counter(change.field for change in shown.history).values()) == {1}
