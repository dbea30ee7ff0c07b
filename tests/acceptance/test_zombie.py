"""A worker that was frozen for longer than its lease wakes up, and does no harm."""

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.events import Event
from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line, a_place, lend
from tests.acceptance.patience import until
from tests.acceptance.poisonous_app import GATE
from worker.broker import server

pytestmark = pytest.mark.timeout(120)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.poisonous_app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")
TEXT = "My new card has not arrived yet"
HELD = 8


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    with server.start(tmp_path / "redis") as redis:
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
        lend(taught, place)
        yield place
        place.clear()


def _work(place: Place) -> Running:
    before = {worker.incarnation for worker in place.shop.ledger.workers()}
    front = place.start(*WORKER, command=CELERY)
    until(lambda: {w.incarnation for w in place.shop.ledger.workers()} - before, 60)
    return front


def test_whoever_was_taken_for_dead_goes_on_under_a_new_name(place: Place) -> None:
    gate = place.home / GATE
    place.take_in(*[a_line(f"T-{number}", TEXT) for number in range(HELD)])
    gate.touch()
    zombie = _work(place)
    until(lambda: place.states()[State.RUNNING] == HELD, 30)
    [life] = place.shop.ledger.workers()
    os.kill(zombie.process.pid, signal.SIGSTOP)
    _work(place)
    until(lambda: life.incarnation not in _names(place), 30)
    gate.unlink()
    until(place.is_settled, 60)
    os.kill(zombie.process.pid, signal.SIGCONT)
    until(lambda: len(_names(place)) == 2, 30)
    _expect_each_once(place)
    assert re.search(rf'worker.reborn.*"was": "{life.incarnation}"', zombie.err.read_text())
    place.take_in(*[a_line(f"L-{number}", TEXT) for number in range(4 * HELD)])
    until(place.is_settled, 60)
    owners = {str(event.body["owner"]) for event in _claims(place, "L-")}
    assert owners <= _names(place)
    assert life.incarnation not in owners
    assert place.ask("books", "--deep", "--json").json()["balanced"]


def _names(place: Place) -> set[str]:
    return {str(worker.incarnation) for worker in place.shop.ledger.workers()}


def _claims(place: Place, prefix: str) -> list[Event]:
    runs = [run for run in place.runs() if run.external_id.startswith(prefix)]
    events = [event for run in runs for event in place.shop.ledger.events(run.id)]
    return [event for event in events if event.kind == "claimed"]


def _expect_each_once(place: Place) -> None:
    for run in place.runs():
        assert run.state is State.WRITTEN
        shown = place.shop.helpdesk.show(run.external_id)
        assert shown
        assert set(Counter(change.field for change in shown.history).values()) == {1}
