"""A worker's way in: it begins when the ledger answers, and not before."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from config.environment import Environment
from tasks.errors import LedgerDown
from worker import jobs
from worker.fleet import Fleet
from worker.jobs import Hands
from worker.refusals import RefusedToStart

ENVIRONMENT = Environment(home=Path("/nowhere"), credentials={})


class BegunFleet:
    """Has been begun as often as `begun` says; the first times the ledger was away."""

    def __init__(self, away: int) -> None:
        self.begun = 0
        self._away = away

    def isolate(self, *_: object, **__: object) -> None:
        """Nobody is suspected here."""

    def start(self) -> None:
        self._away -= 1
        if self._away >= 0:
            raise LedgerDown("it does not answer")
        self.begun += 1


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.0)


@pytest.mark.parametrize("at_hiring", [0, 3])
@pytest.mark.parametrize("at_starting", [0, 3])
def test_a_ledger_that_is_away_is_waited_for(at_hiring: int, at_starting: int) -> None:
    fleet = BegunFleet(at_starting)
    outages = iter(range(at_hiring))

    def hire(_: Environment, __: frozenset[str]) -> Fleet:
        _raise_while(outages)
        return cast(Fleet, fleet)

    hands = Hands(ENVIRONMENT, hire)
    hands.start(frozenset({"economy"}), pool="celery.concurrency.thread:TaskPool")
    assert fleet.begun == 1
    assert hands.fleet is cast(Fleet, fleet)


def test_another_pool_is_refused_at_once() -> None:
    def hire(_: Environment, __: frozenset[str]) -> Fleet:
        raise AssertionError

    with pytest.raises(RefusedToStart, match="-P threads"):
        Hands(ENVIRONMENT, hire).start(frozenset(), pool="celery.concurrency.prefork:TaskPool")


def _raise_while(outages: Iterator[int]) -> None:
    if next(outages, None) is not None:
        raise LedgerDown("it does not answer")
