"""Summaries of threads in Redis: sealed under their requester's key, and gone after a while.

What Redis holds of them may be forgotten. Nothing readable stands there, a name neither.
"""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from tasks.desk import Desk, Journal
from tasks.ports.clock import Clock
from tasks.ports.ledger import Sealed, SealedKey
from tasks.run import Run, RunId, TicketId
from tasks.summary import Summary
from worker.broker.client import client
from worker.privacy.vault import Unreadable, Vault
from worker.telemetry.log import Log

Answer = TypeVar("Answer")

KEY = "triage:thread:"
NAME = "summary"
CLOSED = "closed"
"""What is kept of a thread while it goes on, and what of one that is over."""

CONNECT_SECONDS = 0.3
ANSWER_SECONDS = 0.5
AT_ONCE = 4
"""Threads that wait for Redis; the event loop does not."""

AWAY_SECONDS = 5.0
"""Once it has not answered, nobody asks it for so long."""


class Shelf:
    """All summaries of a fleet. Thread-safe; connects at its first use."""

    def __init__(
        self, broker_url: str, vault: Vault, *, days: float, clock: Clock, log: Log
    ) -> None:
        self._redis: Redis = client(broker_url, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS)
        self._vault = vault
        self._milliseconds = int(days * 86_400_000)
        self._clock = clock
        self._log = log
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="threads")
        self._away_until = 0.0  # monotonic

    def of(self, run: Run, key: SealedKey | None) -> "Kept":
        """Those of that run's ticket; without a key nothing is kept."""
        return Kept(self, run.ticket, key)

    async def off_the_loop(self, blocking: Callable[[], Answer]) -> Answer | None:
        """What the call gives; None while Redis is away, and when this process is ending."""
        if self._clock.monotonic() < self._away_until:
            return None
        try:
            job = asyncio.get_running_loop().run_in_executor(self._pool, blocking)
        except RuntimeError:  # the pool takes no more work
            return None
        return await job

    def forget(self, tickets: Collection[TicketId]) -> int | None:
        """Deletes what is kept of these tickets; how much there was, None: Redis is away."""
        if not tickets:
            return 0
        try:
            return self._redis.unlink(*(self._place(t, n) for t in tickets for n in (NAME, CLOSED)))
        except RedisError as error:
            self._away(error)
            return None

    def close(self) -> None:
        """Closes the connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._redis.close()

    def read(self, ticket: TicketId, name: str, key: SealedKey) -> Summary | None:
        """As it was kept; None where there is none that can be read."""
        try:
            cipher = self._redis.get(self._place(ticket, name))
        except RedisError as error:
            self._away(error)
            return None
        if not isinstance(cipher, bytes):
            return None
        run = RunId(ticket)
        sealed = Sealed(run=run, name=name, requester=key.requester, cipher=cipher, expires_at=0.0)
        try:
            return Summary.model_validate_json(self._vault.open(sealed, key))
        except (Unreadable, ValidationError):  # of another key, or of another version
            return None

    def write(self, ticket: TicketId, name: str, key: SealedKey, summary: Summary) -> None:
        """Keeps it, unless the thread goes on and what is there covers more."""
        known = self.read(ticket, name, key) if name == NAME else None
        if known and len(known.covers) > len(summary.covers):
            return
        text, now = summary.model_dump_json(), self._clock.now()
        sealed = self._vault.seal(text, run=RunId(ticket), name=name, key=key, at=now)
        try:
            self._redis.set(self._place(ticket, name), sealed.cipher, px=self._milliseconds)
        except RedisError as error:
            self._away(error)

    def _place(self, ticket: TicketId, name: str) -> str:
        return f"{KEY}{self._vault.requester(f'thread {name} {ticket}')}"

    def _away(self, error: RedisError) -> None:
        self._away_until = self._clock.monotonic() + AWAY_SECONDS
        self._log.warning("threads.redis_away", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """Implements tasks.ports.threads.Threads for one ticket."""

    shelf: Shelf
    ticket: TicketId
    key: SealedKey | None
    name: str = NAME

    async def recall(self) -> Summary | None:
        """As it was kept."""
        if self.key is None:
            return None
        reading = partial(self.shelf.read, self.ticket, self.name, self.key)
        return await self.shelf.off_the_loop(reading)

    async def keep(self, summary: Summary) -> None:
        """Keeps it for some days from now on."""
        if self.key is not None:
            keeping = partial(self.shelf.write, self.ticket, self.name, self.key, summary)
            await self.shelf.off_the_loop(keeping)

    def closed(self, ticket: TicketId) -> "Kept":
        """What is kept of another ticket of this requester."""
        return Kept(self.shelf, ticket, self.key, CLOSED)


def remembering(desks: Callable[[Journal], Desk], shelf: Shelf) -> Callable[[Journal], Desk]:
    """Desks that remember the thread of the run whose journal they are given."""

    def desk(journal: Journal) -> Desk:
        found, run = desks(journal), journal.run
        key: SealedKey | None = getattr(journal, "key", None)
        return replace(found, threads=shelf.of(run, key)) if isinstance(run, Run) else found

    return desk
