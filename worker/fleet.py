"""One worker process at work: its loop, its writer, its heart and its upkeep."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Protocol

from tasks.errors import LedgerDown
from tasks.run import Incarnation, Run, RunId
from worker.broker.errors import BrokerDown
from worker.carrying.bench import Bench
from worker.carrying.carrier import Carrier
from worker.carrying.group_writer import GroupWriter
from worker.carrying.isolation import Isolation, Ward
from worker.carrying.loop import EventLoop
from worker.telemetry.log import Log
from worker.upkeep.incarnation import Heart


class Chore(Protocol):
    """Something that is to be done again and again. Promise: a round is bounded, and is whole."""

    name: str

    def sweep(self) -> None: ...


class Upkeep:
    """Runs the sweeps of a chore in a thread until it is stopped."""

    def __init__(self, chore: Chore, *, every: float, log: Log) -> None:
        self._chore = chore
        self._every = every
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=chore.name, daemon=True)

    def start(self) -> None:
        """Begins to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the sweep in hand."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._chore.sweep()
            except (LedgerDown, BrokerDown) as error:
                kind, name = type(error).__name__, self._chore.name
                self._log.warning("upkeep.interrupted", chore=name, error=kind)
            except Exception as error:  # noqa: BLE001 - a bug here must not end all upkeep
                kind, name = type(error).__name__, self._chore.name
                self._log.error("upkeep.bug", chore=name, error=kind, what=str(error)[:200])


class Sharing(Protocol):
    """What tells the fleet's other processes of this one, and hears of them."""

    def start(self) -> None:
        """Begins."""

    def stop(self) -> None:
        """Tells what there is to tell, and ends."""


class Polls(Protocol):
    """Asks sources of tickets."""

    def __call__(self, source: str) -> None:
        """Once."""

    def end(self) -> None:
        """Whoever waits for its turn gives up."""


class Fleet:
    """Everything of one worker process that outlives a ticket."""

    def __init__(
        self,
        bench: Bench,
        *,
        heart: Heart,
        upkeep: Sequence[Upkeep],
        loop: EventLoop,
        guards: Sharing,
        drain_seconds: float,
        poll: Polls,
    ) -> None:
        self.poll = poll  # for the upkeep queue
        self._bench = bench
        self._heart = heart
        self._upkeep = upkeep
        self._loop = loop
        self._guards = guards
        self._drain_seconds = drain_seconds
        self._carrier = Carrier(bench)
        self._closing: Callable[[], None] = lambda: None
        self._under_way: set[Future[None]] = set()
        self._lock = threading.Lock()

    @property
    def draining(self) -> bool:
        """Whether no new ticket is begun any more."""
        return self._carrier.draining

    @property
    def writer(self) -> GroupWriter:
        """The process's writer."""
        return self._bench.writer

    def start(self) -> None:
        """Begins to live; everything slow has been loaded before.

        Raises LedgerDown where the ledger does not answer: then nothing was begun.
        """
        self._heart.start()
        self._guards.start()
        self._loop.start()
        self._bench.writer.start()
        for upkeep in self._upkeep:
            upkeep.start()

    def carry(self, run: RunId, send_n: int) -> None:
        """Works on one ticket; returns when it can go no further here. For Celery's threads."""
        self._wait_for(self._loop.submit(self._carrier.carry(run, send_n)))

    def _wait_for(self, work: Future[None]) -> None:
        with self._lock:
            self._under_way.add(work)
        try:
            with contextlib.suppress(CancelledError):
                work.result()
        finally:
            with self._lock:
                self._under_way.discard(work)

    def isolate(self, ward: Ward, *, closing: Callable[[], None]) -> None:
        """Has suspects carried there."""
        self._carrier.isolation = Isolation(self._bench, ward)
        self._closing = closing

    def stand_in_for(self, owner: Incarnation | None) -> None:
        """Begins to carry what another process of ours holds, under its name."""
        self._heart.stand_in_for(owner)
        self._heart.listen()
        self._guards.start()
        self._loop.start()
        self._bench.writer.start()

    def carry_held(self, run: Run) -> None:
        """As `carry`, for a run that the one holds whom we stand in for."""
        self._wait_for(self._loop.submit(self._carrier.carry_held(run)))

    def let_go(self) -> None:
        """Everything that was carried under another's name is committed."""
        self._heart.hush()
        self._loop.stop()
        self._guards.stop()
        self._bench.writer.stop()

    def drain(self) -> None:
        """No new tickets; those under way finish their stage, or are cancelled when time is up."""
        self._carrier.draining = True
        self.poll.end()
        timer = threading.Timer(self._drain_seconds, self.cancel)
        timer.daemon = True
        timer.start()

    def cancel(self) -> None:
        """Whatever is under way is put back. From a signal's handler too, so without the lock."""
        for work in tuple(self._under_way):
            work.cancel()

    def stop(self) -> None:
        """Ends this life in good order: nothing is held, everything is committed."""
        for upkeep in self._upkeep:
            upkeep.stop()
        self._loop.stop()
        self._guards.stop()
        self._closing()
        self._bench.writer.stop()
        self._heart.stop()
