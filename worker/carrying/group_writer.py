"""Commits what is ready together: one writer thread per process, each result fenced on its own."""

import asyncio
import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.ledger import Change, Claim, Claimed, Ledger, Reserved
from tasks.run import State
from tasks.waypoints import Waypoint, passing
from worker.ledgers.rows import event_values

Asked = TypeVar("Asked")
Got = TypeVar("Got")
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Work(Generic[Asked, Got]):
    """One kind of work: how a group is done at a moment, and how one tried then is looked up."""

    together: Callable[[Sequence[Asked], float], Sequence[Got]]
    found: Callable[[Asked, Collection[float]], Got | None]


@dataclass(frozen=True, slots=True)
class _Job(Generic[Asked, Got]):
    work: _Work[Asked, Got]
    asked: Asked
    told: "asyncio.Future[Got]"


class GroupWriter:
    """Gives stages durable commits at the price of a share of one.

    A group is what came together while the last one was being committed and for `seconds` after,
    at most `rows` of them. Nobody is told anything before its own outcome is known: when the
    connection is lost in a commit, each member is looked up by its run and event number.
    """

    def __init__(self, ledger: Ledger, clock: Clock, *, rows: int, seconds: float) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rows = rows
        self._seconds = seconds
        self._changes = _Work(self._commit, self._committed)
        self._reservations = _Work(self._reserve, self._reserved)
        self._claims = _Work(ledger.claim, self._claimed)
        self._jobs: queue.SimpleQueue[_Job[Any, Any] | None] = queue.SimpleQueue()
        self._full = threading.Event()
        self._door = threading.Lock()  # nobody gets in behind the one who closes it
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)

    def start(self) -> None:
        """Starts the writer thread."""
        self._thread.start()

    def stop(self) -> None:
        """Commits what was handed in, then ends the thread; whoever comes later is refused."""
        with self._door:
            self._stopping.set()
            self._jobs.put(None)
        self._full.set()
        self._thread.join()

    async def commit(self, change: Change) -> bool:
        """True when the change is durable, False when the run had been moved by somebody else.

        Raises LedgerDown only when this process ends before the ledger has come back.
        """
        return await self.hand_in(change)

    def hand_in(self, change: Change) -> "asyncio.Future[bool]":
        """As commit, for a caller who wants the outcome even when it is cancelled meanwhile."""
        return self._hand_in(self._changes, change)

    def reserve(self, change: Change) -> "asyncio.Future[Reserved]":
        """As hand_in, for a change that reserves money: SHORT where that does not fit."""
        return self._hand_in(self._reservations, change)

    async def claim(self, claim: Claim) -> Claimed | None:
        """The run, or None when the message is out of date. Raises LedgerDown as commit does."""
        return await self._hand_in(self._claims, claim)

    def _hand_in(self, work: _Work[Asked, Got], asked: Asked) -> "asyncio.Future[Got]":
        told: asyncio.Future[Got] = asyncio.get_running_loop().create_future()
        with self._door:
            if self._stopping.is_set():
                message = "this process ends and writes nothing any more"
                raise LedgerDown(message)
            self._jobs.put(_Job(work, asked, told))
        if self._jobs.qsize() >= self._rows:
            self._full.set()
        return told

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            self._full.wait(self._seconds)
            self._full.clear()
            # Whoever was cancelled before its turn came wants nothing any more.
            group = [job for job in (first, *self._others()) if not job.told.cancelled()]
            # What is settled first leaves room for what is reserved.
            for work in (self._changes, self._reservations, self._claims):
                self._settle([job for job in group if job.work is work])

    def _others(self) -> Iterator[_Job[Any, Any]]:
        """The rest of the group."""
        for _ in range(self._rows - 1):
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is None:
                self._jobs.put(None)  # nothing comes behind the end: the next to be taken is it
                return
            yield job
        if self._jobs.qsize() >= self._rows:
            self._full.set()

    def _settle(self, jobs: Sequence[_Job[Any, Any]]) -> None:
        """One group, or, when that fails, each member by itself with its own outcome."""
        if not jobs:
            return
        at = self._clock.now()
        results: list[object] = []
        try:
            passing(Waypoint.COMMITTING)
            outcomes = jobs[0].work.together([job.asked for job in jobs], at)
            passing(Waypoint.COMMITTED)
            results.extend(outcome for _, outcome in zip(jobs, outcomes, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever it was, each learns its own outcome
            tried = [at] if isinstance(error, LedgerDown) else []
            results = [self._alone(job, list(tried)) for job in jobs]
        _tell(jobs, results)

    def _alone(self, job: _Job[Any, Got], tried: list[float]) -> "Got | Exception":
        """Its own outcome. At the moments `tried` it may have been done: nobody knows."""
        while True:
            at = self._clock.now()
            try:
                got = job.work.together([job.asked], at)[0]
                if got or not tried:
                    return got
                # Refused: by somebody else's change, or by an earlier try of our own?
                return job.work.found(job.asked, tried) or got
            except LedgerDown as down:
                tried.append(at)
                if self._stopping.wait(RETRY_SECONDS):
                    return down
            except Exception as error:  # noqa: BLE001 - told to the one who asked
                return error

    def _commit(self, changes: Sequence[Change], _at: float) -> Sequence[bool]:
        return self._ledger.commit(changes)

    def _reserve(self, changes: Sequence[Change], _at: float) -> Sequence[Reserved]:
        return self._ledger.reserve(changes)

    def _reserved(self, change: Change, tried: Collection[float]) -> Reserved | None:
        return Reserved.DONE if self._committed(change, tried) else None

    def _committed(self, change: Change, _tried: Collection[float]) -> bool:
        """Whether this very change stands in the ledger: its first event, word for word."""
        ours = event_values(change.events[0])
        return any(event_values(event) == ours for event in self._ledger.events(change.before.id))

    def _claimed(self, claim: Claim, tried: Collection[float]) -> Claimed | None:
        """The run, where it is the claimer's by such a try and nothing came after."""
        run = self._ledger.run(claim.run)
        if run is None or (run.state, run.owner) != (State.RUNNING, claim.owner):
            return None
        last = self._ledger.events(claim.run)[-1]
        if last.kind is not Kind.CLAIMED or last.at not in tried or run.send_n != claim.send_n:
            return None
        sealed = self._ledger.bodies(claim.run, ["ticket"])
        return Claimed(
            run=run,
            key=self._ledger.key(run.requester),
            ticket=sealed[0] if sealed else None,
        )


def _tell(jobs: Sequence[_Job[Any, Any]], results: Sequence[object]) -> None:
    """Wakes each loop once for the whole group."""
    by_loop = defaultdict(list)
    for job, result in zip(jobs, results, strict=True):
        by_loop[job.told.get_loop()].append((job.told, result))
    for loop, told in by_loop.items():
        with contextlib.suppress(RuntimeError):  # a loop that has ended waits for nothing
            loop.call_soon_threadsafe(_deliver, told)


def _deliver(told: "Sequence[tuple[asyncio.Future[Any], object]]") -> None:
    for future, result in told:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
