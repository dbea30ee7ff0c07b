"""Binds each stage to a Celery task of its name, and the upkeep to tasks of its own.

A task is only a way in: it names the run, and the ledger says what is due. Having begun, a worker
runs ahead through the stages by itself.
"""

import time
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from celery import Celery
from celery.exceptions import Reject

from config.environment import Environment
from tasks.errors import LedgerDown
from tasks.run import ERRANDS, RunId
from worker.fleet import Fleet
from worker.processes.for_good import for_good
from worker.quarantine.policy import Quarantine
from worker.quarantine.process import Hire
from worker.refusals import RefusedToStart
from worker.telemetry.log import Log

Done = TypeVar("Done")

LOOK_SECONDS = 1.0
TOLD_EVERY = 30  # looks

STAGES = ("enrich", "classify", "validate", "write", *ERRANDS)


class Hands:
    """What this process works with, once it has started; empty in beat, Flower and the shell."""

    def __init__(self, environment: Environment, hire: Hire) -> None:
        self._environment = environment
        self._hire = hire
        self._fleet: Fleet | None = None

    @property
    def fleet(self) -> Fleet:
        """The fleet of this process. Raises RuntimeError where none was started."""
        if self._fleet is None:
            message = "this process is no worker"
            raise RuntimeError(message)
        return self._fleet

    def start(self, queues: frozenset[str], *, pool: str) -> None:
        """Loads models, opens stores, begins to live. Raises RefusedToStart.

        A ledger that is away is waited for: whoever starts us again and again waits longer each
        time, and would come late when it is back.
        """
        if "thread" not in pool:
            message = f"the pool is {pool}; one event loop per process needs threads"
            raise RefusedToStart(message, remedy="start the worker with -P threads")
        fleet = _patiently(lambda: self._hired(queues))
        quarantine = Quarantine(self._hire, self._environment, queues, monotonic=time.monotonic)
        fleet.isolate(quarantine, closing=quarantine.close)
        _patiently(fleet.start)
        self._fleet = fleet

    def _hired(self, queues: frozenset[str]) -> Fleet:
        with for_good():
            return self._hire(self._environment, queues)

    def drain(self) -> None:
        """Begins no new ticket."""
        if self._fleet:
            self._fleet.drain()

    def stop(self) -> None:
        """Ends in good order."""
        if self._fleet:
            self._fleet.stop()
            self._fleet = None


def _patiently(do: Callable[[], Done]) -> Done:
    """What comes of it once the ledger answers."""
    for look in count():
        try:
            return do()
        except LedgerDown as error:
            if look % TOLD_EVERY == 0:
                Log("worker").warning("start.waits", what=str(error))
            time.sleep(LOOK_SECONDS)
    raise AssertionError  # there is no last number


def bind(app: Celery, hands: Hands) -> None:
    """Registers every task by its name."""

    def carry(run: str, send_n: int) -> None:
        if hands.fleet.draining:
            raise Reject(requeue=True)
        hands.fleet.carry(RunId(run), send_n)

    def intake(source: str) -> None:
        hands.fleet.poll(source)

    for stage in STAGES:
        app.task(carry, name=f"tasks.{stage}", ignore_result=True)
    app.task(intake, name="upkeep.intake", ignore_result=True)
