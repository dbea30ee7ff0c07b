"""One poisonous ticket is buried; nobody else is, however often a healthy worker dies."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.causes import Cause
from tasks.events import Kind
from tasks.ports.ledger import WorkerRow
from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line, a_place, lend
from tests.acceptance.patience import is_alive, until
from tests.acceptance.poisonous_app import GATE
from worker.broker import server

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.poisonous_app")
WORKER = ("worker", "-P", "threads", "-c", "64", "--without-gossip", "--without-mingle")
OTHERS = 199
TEXT = "My new card has not arrived yet"

Begin = Callable[[], Running]


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    with server.start(tmp_path / "redis") as redis:
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
        lend(taught, place)
        yield place
        place.clear()


def _lives(place: Place) -> list[WorkerRow]:
    """Workers of which a process is there."""
    return [worker for worker in place.shop.ledger.workers() if is_alive(worker.pid)]


def _work(place: Place) -> Running:
    """A worker that has begun."""
    place.shop  # noqa: B018 - the schema must be there first
    front = place.start(*WORKER, command=CELERY)
    until(lambda: _lives(place) or front.process.poll() is not None, 60)
    return front


def test_one_poisonous_ticket_is_buried_and_the_other_199_are_written(place: Place) -> None:
    """It kills the worker that has it with 63 others, then two processes that have it alone."""
    lines = [a_line(f"T-{number}", TEXT) for number in range(OTHERS)]
    place.take_in(*lines[:20], a_line("POISON-1", TEXT), *lines[20:])
    deaths = 0
    while not place.is_settled():
        front = _work(place)
        until(lambda: place.is_settled() or front.process.poll() is not None, 60)  # noqa: B023
        deaths += front.process.poll() is not None
        assert deaths < 3, "a suspect has killed more than itself"
    run = place.run("POISON-1")
    assert (run.state, run.reason, run.stage) == (State.DEAD, Cause.POISON, "write")
    kinds = Counter(event.kind for event in place.shop.ledger.events(run.id))
    assert (kinds[Kind.LAPSED], kinds[Kind.DIED]) == (1, 2)
    assert place.states()[State.WRITTEN] == OTHERS
    assert deaths == 1
    assert place.ask("books", "--deep", "--json").json()["balanced"]


def test_three_kills_of_a_healthy_worker_bury_nothing(place: Place) -> None:
    """The same tickets are in its hands each time."""
    gate = place.home / GATE
    place.take_in(*[a_line(f"T-{number}", TEXT) for number in range(10)])
    gate.touch()
    for _ in range(3):
        front = _work(place)
        until(lambda: place.states()[State.RUNNING] == 10, 30)
        _kill(front)
    gate.unlink()
    _work(place)
    until(place.is_settled, 60)
    assert place.states()[State.WRITTEN] == 10
    assert {(run.deaths, run.suspect) for run in place.runs()} == {(0, False)}


def _kill(front: Running) -> None:
    os.kill(front.process.pid, signal.SIGKILL)
    front.process.wait()
