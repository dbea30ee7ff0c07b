"""Four processes race for the last call that a day's cap allows, and are killed with it in hand."""

import os
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, islice
from random import Random
from time import monotonic, sleep

import pytest

from tasks.ports.ledger import Reserved
from tasks.run import Run
from tests.acceptance.spender import Errand, Spender
from tests.ledgers import a_change, a_claim, an_arrival, claim_all, take_in
from tests.moneyed import a_wish, account, answered, assert_counted, cap
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

pytestmark = pytest.mark.timeout(300)

TRIES = 200
PROCESSES = 4
EACH = 2
"""Calls that a process wants at once."""

CAP, BOUND, COST = 1_000_000, 3_000, 1_700
AHEAD_SECONDS = 0.005


class Race:
    """The processes, the ledger that all of them share, and a day for each try."""

    def __init__(self, url: str, ledger: SqlLedger) -> None:
        self.url = url
        self.ledger = ledger
        self.days = [(date(2001, 1, 1) + timedelta(days=n)).isoformat() for n in range(TRIES)]
        self._leave_one_call()
        self.queued = iter(self._some(TRIES * PROCESSES * EACH))
        self.lives = count()
        self.racers = [self._one() for _ in range(PROCESSES)]
        self.deaths = 0

    def _some(self, many: int) -> list[Run]:
        return take_in(self.ledger, *(an_arrival() for _ in range(many)))

    def _one(self) -> Spender:
        return Spender(self.url, self.ledger, f"w-{next(self.lives)}")

    def _leave_one_call(self) -> None:
        """All of each day's money but that of one call is spent."""
        runs = claim_all(self.ledger, *self._some(TRIES))
        wishes = [
            a_wish(run, CAP - BOUND, f"{day}/economy")
            for run, day in zip(runs, self.days, strict=True)
        ]
        assert set(self.ledger.reserve(wishes)) == {Reserved.DONE}
        paid = [a_change(wish.after, answered(CAP - BOUND)) for wish in wishes]
        assert all(self.ledger.commit(paid))

    def run(self, day: str, *, dies: bool, kills: float | None) -> list[bool | None]:
        """What each call came to, None for those of a process that died and was buried.

        `kills`: one of them is killed so many seconds after the start, whatever it is doing.
        """
        runs = list(islice(self.queued, PROCESSES * EACH))
        owners = [racer.incarnation for racer in self.racers for _ in range(EACH)]
        claims = [a_claim(run, owner) for run, owner in zip(runs, owners, strict=True)]
        held = [one.run for one in self.ledger.claim(claims, NOON) if one]
        begins = monotonic() + AHEAD_SECONDS
        for racer in self.racers:
            racer.pipe.send(
                Errand(
                    runs=[run for run in held if run.owner == racer.incarnation],
                    account=f"{day}/economy",
                    bound=BOUND,
                    cost=COST,
                    begins=begins,
                    dies=dies,
                )
            )
        killed = None if kills is None else self._kill(begins + kills)
        return [one for racer in list(self.racers) for one in self._came(racer, killed)]

    def _kill(self, at: float) -> Spender:
        """The first of them, at that moment."""
        racer = self.racers[0]
        sleep(max(0.0, at - monotonic()))
        assert racer.process.pid
        os.kill(racer.process.pid, signal.SIGKILL)
        return racer

    def _came(self, racer: Spender, killed: Spender | None) -> list[bool | None]:
        got = racer.came()
        if got is None or racer is killed:
            self.deaths += 1
            racer.end()
            self.ledger.bury(racer.incarnation, NOON)
            self.racers[self.racers.index(racer)] = self._one()
        return [None] * EACH if got is None else [*got]


@pytest.fixture
def race(ledger_url: str, ledger: SqlLedger) -> Iterator[Race]:
    """All of them at their marks."""
    cap(ledger, "economy", CAP)
    begun = Race(ledger_url, ledger)
    yield begun
    for racer in begun.racers:
        racer.end()


def test_the_last_call_of_a_day_is_made_once(race: Race) -> None:
    """By one of eight that want it; every twentieth time the one that got it dies before it pays.

    And every twentieth time somebody is killed at any moment: whatever it had is charged in full.
    """
    chance = Random(5)
    for number, day in enumerate(race.days):
        dies = number % 20 == 7
        kills = chance.uniform(0.0, 0.01) if number % 20 == 17 else None
        came = race.run(day, dies=dies, kills=kills)
        stands = account(race.ledger, day=day)
        assert stands.left >= 0
        assert stands.reserved == 0
        spent = stands.spent - (CAP - BOUND)
        if dies:
            assert (came.count(True), came.count(None), spent) == (0, EACH, BOUND)
        elif kills is not None:
            assert came.count(True) <= 1
            assert spent in ((COST,) if True in came else (COST, BOUND, 0))
        else:
            assert (came.count(True), came.count(False), spent) == (1, 7, COST)
    assert race.deaths >= TRIES // 20
    assert_counted(race.ledger)
