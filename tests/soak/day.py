"""A day of polling a Request Tracker whose clock is moved: `python -m tests.soak.day rt`.

Between two polls RT's clock goes 30 seconds on, and somebody may have done something: a customer
opens a ticket or answers on one, an out-of-office answer comes, a person edits, notes, answers or
closes, and a worker writes decisions back, beside the polls too. By the ledger there have to be
as many runs as customers have sent messages in the end, ticket by ticket.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from config.tiers import TIERS
from tasks.run import State
from tests.acceptance.fleet import Place, a_place
from tests.servers.moved_clock import MovedClock
from tests.servers.rt import Rt
from tests.simulation.parts import Provider
from tests.soak.people import People
from worker.broker import server as broker
from worker.compose import open_inbox, open_intake
from worker.crew import hire
from worker.desks import open_desks
from worker.helpdesks.feed import STAMP
from worker.intake import Polled

AT_ONCE = 3
CARRIED = 0.3
"""How likely it is that between two polls a worker takes up what is queued."""

AFTERWARDS = 4
"""Polls when nothing happens any more; together they look back further than any poll does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How long, in how many steps, and how much happens: `busy` times as much as in a day's."""

    hours: float = 24.0
    every: int = 30  # seconds between two polls
    seed: int = 1
    busy: float = 1.0

    @property
    def polls(self) -> int:
        """So many see that time go by."""
        return round(self.hours * 3600 / self.every)


class Day:
    """One helpdesk, one fleet, and its customers."""

    def __init__(self, plan: Plan, rt: Rt, clock: MovedClock, place: Place) -> None:
        self._plan = plan
        self._rt = rt
        self._clock = clock
        self._place = place
        self._chance = Random(plan.seed)
        self._people = People(rt, self._chance, plan.busy)
        self._intake = open_intake(place.shop)
        self._inbox = open_inbox("helpdesk", place.shop)
        self._fleet = hire(
            place.shop, frozenset(TIERS), partial(open_desks, place.shop, Provider())
        )
        self._polled = Polled()
        self._polls = 0
        self._wrong = list[str]()

    def spend(self) -> dict[str, Any]:
        """All of it; what came of it."""
        began, at = time.monotonic(), self._rt.now()
        self._poll()  # a first poll begins now
        self._fleet.start()
        try:
            with ThreadPoolExecutor(1) as worker:
                self._live(worker)
            self._carry()
            for _ in range(AFTERWARDS):
                self._step()
        finally:
            self._fleet.stop()
        return {
            "seed": self._plan.seed,
            "seconds": round(time.monotonic() - began),
            "simulated_hours": round(_hours(at, self._rt.now()), 2),
            "polls": self._polls,
            **self._people.counts,
            **self._found(),
        }

    def _live(self, worker: ThreadPoolExecutor) -> None:
        under_way: Future[None] | None = None
        for number in range(self._plan.polls):
            self._people.live(number)
            is_time = self._chance.random() < CARRIED  # drawn each time, so that a seed replays
            if is_time and (under_way is None or under_way.done()):
                if under_way:
                    under_way.result()
                under_way = worker.submit(self._carry)
            self._step()
            sys.stderr.write(f"\r{number + 1} of {self._plan.polls} polls, {self._ingested} runs ")
        if under_way:
            under_way.result()

    def _step(self) -> None:
        self._clock.forward(timedelta(seconds=self._plan.every))
        self._poll()

    def _poll(self) -> None:
        self._polled = self._polled.plus(self._intake.poll(self._inbox))
        self._polls += 1
        if self._ingested != self._people.messages:
            said = f"poll {self._polls}: {self._ingested} runs, {self._people.messages} messages"
            self._wrong.append(said)

    @property
    def _ingested(self) -> int:
        return self._polled.ingested

    def _carry(self) -> None:
        """A worker takes up what is queued, until there is nothing left to be done."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while not self._place.is_settled():
                queued = self._place.runs(states=(State.QUEUED,))
                list(pool.map(lambda run: self._fleet.carry(run.id, run.send_n), queued))
                time.sleep(0.05)

    def _found(self) -> dict[str, Any]:
        """What the ledger says of it."""
        runs = self._place.runs()
        books = self._place.ask("books", "--deep", "--json").json()
        started = Counter(str(run.external_id) for run in runs)
        said = self._people.said
        writes = [one for run in runs for one in self._place.shop.ledger.writes(run.id)]
        more, fewer = started - said, said - started
        return {
            "runs": len(runs),
            "runs_of_customers_messages": len(runs) - more.total(),
            "runs_started_by_write_backs": more.total(),
            "messages_without_a_run": fewer.total(),
            "changes_that_said_nothing_new": self._polled.known,
            "write_backs": len({one.run for one in writes if one.outcome}),
            "writes": len(writes),
            "states": {
                str(state): count for state, count in Counter(run.state for run in runs).items()
            },
            "books_balanced": books["balanced"],
            "polls_that_were_wrong": len(self._wrong),
            "examples": [*self._wrong[:5], *more, *fewer][:10],
        }


def is_wrong(found: Mapping[str, object]) -> bool:
    """Whether anything of it is not as it has to be."""
    zero = ("runs_started_by_write_backs", "messages_without_a_run", "polls_that_were_wrong")
    return any(found[name] for name in zero) or not found["books_balanced"]


def _hours(since: str, until: str) -> float:
    took = datetime.strptime(until, STAMP) - datetime.strptime(since, STAMP)  # noqa: DTZ007 - one clock's
    return took / timedelta(hours=1)


@contextmanager
def lived(folder: Path, plan: Plan) -> Iterator[Day]:
    """A Request Tracker of its own, and a home beside it."""
    (folder / "rt").mkdir()
    clock = MovedClock(folder)
    rt = Rt(folder / "rt", clock.environment)
    try:
        with broker.start(folder / "redis") as redis:
            named = {"": "rt", "_URL": rt.url, "_TOKEN": rt.token}
            place = a_place(
                folder,
                {
                    **{f"TRIAGE_HELPDESK{name}": value for name, value in named.items()},
                    "TRIAGE_BROKER_URL": redis.url,
                    "TRIAGE_MODEL": "local/baseline",
                },
            )
            place.may_write()
            try:
                yield Day(plan, rt, clock, place)
            finally:
                place.clear()
    finally:
        rt.stop()


def main() -> int:
    """The exit code: 0 where nothing is wrong."""
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("rt",))
    parser.add_argument("--hours", type=float, default=usual.hours, help="that RT sees go by")
    parser.add_argument("--every", type=int, default=usual.every, help="seconds between two polls")
    parser.add_argument("--seed", type=int, default=usual.seed)
    asked = parser.parse_args()
    plan = Plan(hours=asked.hours, every=asked.every, seed=asked.seed)
    with (
        tempfile.TemporaryDirectory(prefix="triage-day-", dir="/tmp") as folder,
        lived(Path(folder), plan) as day,
    ):
        found = day.spend()
    print(json.dumps({"helpdesk": asked.kind, **found}, indent=1))
    return 1 if is_wrong(found) else 0


if __name__ == "__main__":
    sys.exit(main())
