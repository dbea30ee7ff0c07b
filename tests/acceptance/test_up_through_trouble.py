"""A flood, a killed worker and SIGTERM: one fleet on the local model lives through them all.

It lives once, and what it did is written down; each test reads one sentence of it.
"""

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tasks.ports.ledger import WorkerRow
from tasks.run import Run, State
from tests.acceptance.fleet import ROOT, Place, Running, Said, a_line, a_place, an_inbox, lend
from tests.acceptance.patience import is_alive, until

pytestmark = [pytest.mark.timeout(180), pytest.mark.alone]

FLOOD = 5_000
DEAR = 20
"""Tickets of business customers, each brought when the one before it is written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What the fleet did."""

    dear: list[Run]
    waited_behind: list[int]  # how many others were still queued when each of those was written
    sends: int  # of all tickets together
    victim: WorkerRow
    heir: WorkerRow
    held: list[Run]  # what the victim had in its hands, as it was in the end
    said: Said
    seconds_to_end: float
    left: dict[int, str]
    states: Counter[State]
    books: dict[str, Any]  # --deep


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, taught: Path) -> Iterator[Life]:
    place = a_place(tmp_path_factory.mktemp("flooded"))
    lend(taught, place)
    inbox = an_inbox(place.folder / "polled.jsonl", [a_line("S-1", "Which rate is it?")])
    front = place.start("up", f"file:{inbox}")
    try:
        until(lambda: front.says("ready\n"), 60)
        until(lambda: place.states().total(), 10)  # long before beat's first interval is over
        yield _lived(place, front)
    finally:
        place.clear()


def _lived(place: Place, front: Running) -> Life:
    texts = cycle(_texts())
    place.take_in(*[a_line(f"E-{n}", next(texts)) for n in range(FLOOD)])
    dear, waited_behind = [], []
    for number in range(DEAR):
        place.take_in(a_line(f"P-{number}", next(texts), customer="business"))
        until(lambda number=number: place.run(f"P-{number}").routed_at, 60)  # type: ignore[misc]
        dear.append(place.run(f"P-{number}"))
        waited_behind.append(place.states()[State.QUEUED])
    [victim] = place.shop.ledger.workers()
    until(lambda: _is_caught(place, victim))
    os.kill(victim.pid, signal.SIGKILL)
    until(lambda: not is_alive(victim.pid))
    held, written = place.runs(states=(State.RUNNING,)), place.states()[State.WRITTEN]
    until(lambda: _others(place, victim), 60)
    [heir] = _others(place, victim)
    # There is nobody else who could have written anything.
    until(lambda: place.states()[State.WRITTEN] >= written + DEAR, 30)
    until(lambda: not _still_of(victim, place), 30)
    began = time.monotonic()
    said = front.end()
    return Life(
        dear=dear,
        waited_behind=waited_behind,
        sends=sum(run.send_n for run in place.runs()),
        victim=victim,
        heir=heir,
        held=[place.run(run.external_id) for run in held],
        said=said,
        seconds_to_end=time.monotonic() - began,
        left=place.processes(),
        states=place.states(),
        books=place.ask("books", "--deep", "--json").json(),
    )


def _is_caught(place: Place, worker: WorkerRow) -> bool:
    """Whether it stands still with something in its hands; else it goes on."""
    os.kill(worker.pid, signal.SIGSTOP)
    if place.runs(states=(State.RUNNING,)):
        return True
    os.kill(worker.pid, signal.SIGCONT)
    return False


def _still_of(dead: WorkerRow, place: Place) -> bool:
    running = place.runs(states=(State.RUNNING,))
    return any(run.owner == dead.incarnation for run in running)


def _others(place: Place, dead: WorkerRow) -> list[WorkerRow]:
    workers = place.shop.ledger.workers()
    return [worker for worker in workers if worker.incarnation != dead.incarnation]


def _texts() -> list[str]:
    """What customers really wrote."""
    lines = (ROOT / "fixtures" / "inbox" / "bank.jsonl").read_bytes().splitlines()
    return [json.loads(line)["body"] for line in lines if line.startswith(b'{"id": "BANK')]


def test_a_dear_ticket_is_written_within_two_seconds_whatever_else_waits(life: Life) -> None:
    """95 of a hundred; of twenty all but one."""
    waits = sorted((run.routed_at or 0) - run.ingested_at for run in life.dear)
    assert len(waits) == DEAR
    assert waits[DEAR - 2] < 2, waits
    assert min(life.waited_behind) > 100
    assert {run.tier for run in life.dear} == {"premium"}


def test_the_cheap_ones_go_on_meanwhile(life: Life) -> None:
    assert life.waited_behind[0] - life.waited_behind[-1] > DEAR


def test_what_lies_on_the_broker_is_not_sent_again(life: Life) -> None:
    """But for what the killed worker had, and what is due or lost when its heir begins."""
    assert life.sends <= 1.2 * life.books["ingested"]


def test_a_killed_worker_is_started_again(life: Life) -> None:
    assert re.search(rf"worker died \(pid {life.victim.pid}\), exit code -9", life.said.err)
    assert f"worker started (pid {life.heir.pid})" in life.said.err


def test_its_tickets_go_on(life: Life) -> None:
    assert life.held
    assert {run.owner for run in life.held} == {None}
    assert min(run.send_n for run in life.held) >= 2


def test_sigterm_drains_and_exits_0(life: Life) -> None:
    assert life.said.code == 0
    assert life.seconds_to_end < 30
    assert life.left == {}
    assert "stopping: tickets under way may finish" in life.said.err
    assert life.states[State.RUNNING] == 0


def test_the_books_balance_after_all_of_it(life: Life) -> None:
    assert (life.books["balanced"], life.books["ingested"]) == (True, FLOOD + DEAR + 1)
    assert life.states[State.DEAD] + life.states[State.DROPPED] == 0
