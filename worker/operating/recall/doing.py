"""Carries a recall out: sends runs back to the helpdesk, and waits until all are through.

The work is that of any worker, under the lease of each ticket: whoever is killed is taken over
from, by this command when it is given again, or by the fleet.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from tasks.chronicle import sent_again
from tasks.events import Kind
from tasks.ports.ledger import Filter
from tasks.run import Run, RunId, State
from worker.carrying.gate import OpenGate
from worker.carrying.notebook import change_of
from worker.compose import Shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.ledgers.recalling import Batch

OPEN = (State.QUEUED, State.RUNNING, State.WAITING)
AT_ONCE = 16
MANY = 64  # tickets between two looks
LOOK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of a recall: fields and notes by outcome, and tickets that are not through.

    `waiting`: reason to count of what still waits; `failed`: dead letters of it.
    """

    outcomes: Mapping[str, int]
    waiting: Mapping[str, int]
    failed: int

    @property
    def restored(self) -> int:
        """Fields and notes."""
        return self.outcomes.get("applied", 0)

    @property
    def through(self) -> bool:
        """Whether nothing of it is left to do."""
        return not self.waiting and not self.failed


NOTHING = Done(outcomes={}, waiting={}, failed=0)


def carry_out(shop: Shop, batch: Batch, say: Callable[[int, int], object]) -> Done:
    """Works on what is open of it until nothing is, or until only people can help.

    `say` is told how many tickets are through, of how many. A pause of the fleet does not hold it.
    """
    mine = {e.run for e in shop.ledger.recall_events(batch)}
    with _worker(shop) as fleet, ThreadPoolExecutor(AT_ONCE, "recall") as pool:
        while True:
            left = _open(shop, mine)
            say(len(mine) - len(left), len(mine))
            if not left or all(map(_is_for_people, left)):
                break
            ready = [run for run in _due(shop, left) if run.state is State.QUEUED][:MANY]
            list(pool.map(lambda run: fleet.carry(run.id, run.send_n), ready))
            if not ready:
                time.sleep(LOOK_SECONDS)
    done = _done(shop, batch, mine)
    if done.through:
        shop.ledger.end_recall(batch)
    return done


@contextmanager
def _worker(shop: Shop) -> Iterator[Fleet]:
    fleet = hire(shop, frozenset(), gate=OpenGate(shop.ledger, shop.clock))
    fleet.start()
    try:
        yield fleet
    finally:
        fleet.drain()
        fleet.stop()


def _open(shop: Shop, mine: set[RunId]) -> list[Run]:
    found = shop.ledger.runs(Filter(stage="recall", states=OPEN))
    return [run for run in found if run.id in mine]


def _is_for_people(run: Run) -> bool:
    return run.state is State.WAITING and run.reason == "parked"


def _due(shop: Shop, left: list[Run]) -> list[Run]:
    """The same, but what waits and is due, or waits for a pause alone, is sent again."""
    now = shop.clock.now()
    due = [run for run in left if run.state is State.WAITING and _is_due(run, now)]
    changes = [
        change_of(run, (sent_again(run),), None, vault=shop.vault, clock=shop.clock) for run in due
    ]
    accepted = shop.ledger.commit(changes) if changes else ()
    sent = [change.after for change, ok in zip(changes, accepted, strict=True) if ok]
    return [*(run for run in left if run not in due), *sent]


def _is_due(run: Run, now: float) -> bool:
    return run.reason == "paused" or (run.due_at or 0.0) <= now


def _done(shop: Shop, batch: Batch, mine: set[RunId]) -> Done:
    outcomes = Counter[str]()
    for event in shop.ledger.recall_events(batch):
        if event.kind is Kind.RECALLED:
            outcomes.update(cast("Mapping[str, str]", event.body["results"]).values())
    dead = shop.ledger.runs(Filter(stage="recall", states=(State.DEAD,)))
    return Done(
        outcomes=outcomes,
        waiting=Counter(str(run.reason or run.state) for run in _open(shop, mine)),
        failed=sum(run.id in mine for run in dead),
    )
