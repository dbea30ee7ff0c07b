"""One poisonous ticket is buried; nobody else is, however often a healthy worker dies."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.causes import Cause
from tasks.events import Kind
from tasks.ports.ledger import WorkerRow
from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line
from tests.acceptance.patience import is_alive, until
from tests.acceptance.poisonous_app import GATE, SETTLE

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.poisonous_app")
WORKER = ("worker", "-P", "threads", "-c", "64", "--without-gossip", "--without-mingle")
OTHERS = 199
DRAIN = "[worker]\ndrain_seconds = 2\n[pages]"
TEXT = "My new card has not arrived yet"

Begin = Callable[[], Running]


def _lives(place: Place) -> list[WorkerRow]:
    """Workers of which a process is there."""
    return [worker for worker in place.shop.ledger.workers() if is_alive(worker.pid)]


def _work(place: Place) -> Running:
    """A worker that has begun."""
    place.shop  # noqa: B018 - the schema must be there first
    front = place.start(*WORKER, command=CELERY)
    until(lambda: _lives(place) or front.process.poll() is not None, 60)
    return front


@pytest.mark.parametrize("settle", ["0", "0.5"])
def test_one_poisonous_ticket_is_buried_and_the_other_199_are_written(
    manned: Place, settle: str
) -> None:
    """It kills its worker, the process of those that were with it there, then two of its own.

    Also where it has to wait in between, and is carried anew each time.
    """
    place = replace(manned, environment={**manned.environment, SETTLE: settle})
    lines = [a_line(f"T-{number}", TEXT) for number in range(OTHERS)]
    manned.take_in(*lines[:20], a_line("POISON-1", TEXT), *lines[20:])
    deaths = 0
    while not manned.is_settled():
        front = _work(place)
        until(lambda: manned.is_settled() or front.process.poll() is not None, 60)  # noqa: B023
        deaths += front.process.poll() is not None
        assert deaths < 3, "a suspect has killed more than itself"
    run = manned.run("POISON-1")
    assert (run.state, run.reason, run.stage) == (State.DEAD, Cause.POISON, "write")
    kinds = Counter(event.kind for event in manned.shop.ledger.events(run.id))
    assert (kinds[Kind.LAPSED], kinds[Kind.SUSPECTED], kinds[Kind.DIED]) == (1, 1, 2)
    assert manned.states()[State.WRITTEN] == OTHERS
    assert deaths == 1
    assert manned.ask("books", "--deep", "--json").json()["balanced"]


def test_three_kills_of_a_healthy_worker_bury_nothing(manned: Place) -> None:
    """The same tickets are in its hands each time."""
    gate = manned.home / GATE
    manned.take_in(*[a_line(f"T-{number}", TEXT) for number in range(10)])
    gate.touch()
    for _ in range(3):
        front = _work(manned)
        until(lambda: manned.states()[State.RUNNING] == 10, 30)
        _kill(front)
    gate.unlink()
    _work(manned)
    until(manned.is_settled, 60)
    assert manned.states()[State.WRITTEN] == 10
    assert {(run.deaths, run.suspect) for run in manned.runs()} == {(0, False)}


def _kill(front: Running) -> None:
    os.kill(front.process.pid, signal.SIGKILL)
    front.process.wait()


@pytest.mark.parametrize(("poison", "processes"), [(0, 2), (1, 8)], ids=["together", "alone"])
def test_sigterm_has_suspects_put_back(
    manned: Place, tmp_path: Path, poison: int, processes: int
) -> None:
    """The worker ends within its drain time, and so do the processes that it has begun.

    They are the one that all the others are forked from, and one for all suspects, or, where that
    one has died of a ticket, one for each.
    """
    hasty = manned.reconfigured(tmp_path / "hasty", "settings", "[pages]", DRAIN)
    gate = manned.home / GATE
    manned.take_in(*[a_line(f"T-{number}", TEXT) for number in range(12)])
    gate.touch()
    front = _work(manned)
    until(lambda: manned.states()[State.RUNNING] == 12, 30)
    manned.take_in(*[a_line(f"POISON-{number}", TEXT) for number in range(poison)])
    if not poison:
        front.process.kill()
    front.process.wait(30)
    second = _work(hasty)
    until(
        lambda: (
            manned.states()[State.RUNNING] + manned.states()[State.DEAD] == 12 + poison
            and len(_children(manned)) >= processes
        ),
        60,
    )
    second.process.terminate()
    assert second.process.wait(20) == 0
    until(lambda: not _children(manned), 10)
    healthy = [run for run in manned.runs() if run.external_id.startswith("T-")]
    assert {(run.state, run.deaths) for run in healthy} == {(State.QUEUED, 0)}
    hasty.clear()


def _children(place: Place) -> list[int]:
    return [pid for pid, words in place.processes().items() if "forkserver" in words]
