"""One leave for all that a ticket is about to ask of a helpdesk, or a customer of the facts.

A write is some ten requests. Were each to ask for leave by itself, a busy fleet would send every
ticket away in the middle of its write, which begins again with looking: nothing would ever come to
its end. So the first request takes leave for as many as a visit has, and those after it go through.
A visit that nobody has come back to is over: what it came to is settled, and counts from its last
request on, so that in no window there are more of them than the limit has.

An upstream that says 429 and has no limit of ours is visited by a few at a time (narrowing.py).
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Protocol

from tasks.errors import RateLimited
from tasks.ports.clock import Clock
from tasks.ports.guards import Errand
from worker.guards.narrowing import Lately, Narrowing

IDLE_SECONDS = 5.0
"""After a visit's last request. Longer than what lies between two of a busy process."""

PATIENCE_SECONDS = 30.0
"""For a door that an upstream has closed in the middle of a visit."""

Key = tuple[str, str]
"""Upstream, and who visits it."""


class Leaves(Protocol):
    """Limits that leave is taken of, for a visit as for any other errand."""

    def has(self, upstream: str) -> bool: ...

    def look_at_door(self, upstream: str) -> None: ...

    async def take(self, errand: Errand) -> None: ...

    def settle(self, errand: Errand, tokens: int, *, ago: float | None = None) -> None: ...

    def told(self, upstream: str, retry_after: float | None) -> None: ...


@dataclass(eq=False, slots=True)
class _Visit:
    """One that goes on. `lead` is the very errand that has the leave."""

    lead: Errand
    leave: asyncio.Task[None] | None  # None: it needs none
    left: int
    at: float  # its last request, by our monotonic clock
    used: int = 0
    under_way: int = 0
    told: int = 0  # 429s, when it began


class Visits:
    """Implements doors.Limits: visits as such, all else as it is. For one event loop."""

    def __init__(
        self,
        limits: Leaves,
        *,
        clock: Clock,
        idle: float = IDLE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience
        self._limits = limits
        self._clock = clock
        self._idle = idle
        self._open: dict[Key, _Visit] = {}
        self._narrowed: dict[str, Narrowing] = {}
        self._lately = defaultdict[str, Lately](Lately)

    async def take(self, errand: Errand) -> None:
        """Leave for one request. Raises RateLimited."""
        if not errand.visit:
            await self._limits.take(errand)
            return
        upstream = errand.upstream
        key = _key(errand)
        visit = self._open.get(key)
        if visit is None:
            self._limits.look_at_door(upstream)
        if visit is None or (visit.leave and visit.left < 1):
            visit = self._begin(key, errand, visit)
        visit.left -= 1
        visit.used += 1
        visit.under_way += 1
        visit.at = self._clock.monotonic()
        try:
            if visit.leave:
                await asyncio.shield(visit.leave)
            await self._wait_at_door(upstream)
        except BaseException:
            visit.left += 1
            visit.used -= 1
            visit.under_way -= 1
            raise

    async def _wait_at_door(self, upstream: str) -> None:
        """Who has begun waits where it is, as long as that is bearable. Raises RateLimited."""
        until = self._clock.monotonic() + self._patience
        while True:
            try:
                self._limits.look_at_door(upstream)
            except RateLimited as error:
                wait = error.retry_after or 1.0
                if self._clock.monotonic() + wait > until:
                    raise
                await asyncio.sleep(wait)
            else:
                return

    def settle(self, errand: Errand, tokens: int) -> None:
        """What it came to: of a visit, in requests."""
        if not errand.visit:
            self._limits.settle(errand, tokens)
            return
        self._lately[errand.upstream].answered()
        visit = self._open.get(_key(errand))
        if visit is None:  # it came while limits were off
            return
        visit.left -= tokens - 1
        visit.used += tokens - 1
        visit.under_way = max(0, visit.under_way - 1)  # it may have come while limits were off
        visit.at = self._clock.monotonic()

    def told(self, upstream: str, retry_after: float | None) -> None:
        """It has asked us to slow down."""
        self._limits.told(upstream, retry_after)
        if self._limits.has(upstream) or not self._lately[upstream].refused():
            return
        now = self._clock.monotonic()
        if upstream in self._narrowed:
            self._narrowed[upstream].slow_down(now)
        elif visits := self._visits(upstream):
            self._narrowed[upstream] = Narrowing(visits, now)

    def _begin(self, key: Key, errand: Errand, before: _Visit | None) -> _Visit:
        """Takes leave for a whole visit; the one before has used up what it had.

        Raises RateLimited where enough visit an upstream that has to be left in peace.
        """
        if before is not None:
            del self._open[key]
            self._end(before)
        narrowed = self._narrowed.get(errand.upstream)
        if narrowed and (wait := narrowed.wait(self._visits(errand.upstream))):
            why = f"{errand.upstream} asked us to slow down, so few visit it at a time"
            raise RateLimited(why, retry_after=wait)
        lead = replace(errand)  # the limits know it by its identity, and others are like it
        is_limited = self._limits.has(errand.upstream)
        leave = asyncio.create_task(self._limits.take(lead)) if is_limited else None
        visit = _Visit(lead, leave, errand.visit, self._clock.monotonic())
        visit.told = narrowed.told if narrowed else 0
        self._open[key] = visit
        if leave:
            leave.add_done_callback(lambda done: self._begun(key, visit, done))
        else:
            self._watch(key, visit, self._idle)
        return visit

    def _begun(self, key: Key, visit: _Visit, done: "asyncio.Task[None]") -> None:
        if done.cancelled() or done.exception() is not None:
            if self._open.get(key) is visit:
                del self._open[key]
            return
        self._watch(key, visit, self._idle)

    def _watch(self, key: Key, visit: _Visit, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._look, key, visit)

    def _look(self, key: Key, visit: _Visit) -> None:
        """Whether it is over."""
        if self._open.get(key) is not visit:
            return
        idle = self._clock.monotonic() - visit.at
        if visit.under_way or idle < self._idle:
            self._watch(key, visit, max(self._idle - idle, self._idle / 10))
            return
        del self._open[key]
        self._end(visit)

    def _end(self, visit: _Visit) -> None:
        ago = max(0.0, self._clock.monotonic() - visit.at)
        upstream = visit.lead.upstream
        if visit.leave:
            self._limits.settle(visit.lead, visit.used, ago=ago)
        if narrowed := self._narrowed.get(upstream):
            narrowed.ended(visit.told)
            if narrowed.is_over:
                del self._narrowed[upstream]

    def _visits(self, upstream: str) -> int:
        """How many go on there."""
        return sum(where == upstream for where, _ in self._open)


def _key(errand: Errand) -> Key:
    return errand.upstream, errand.whose or ""
