"""How often the fleet asks an upstream: limits in requests and in tokens a minute, kept together.

A hard window stands over all: never more than the limit in any 60 s of Redis' clock, and 2 s more,
for a request takes a moment from its leave to the provider's door. Within it requests are paced, so
that a minute is not spent in its first second. Who does not fit keeps a place in a line and is told
when its turn will come; the arithmetic is lua/limit_take.lua's, and docs/architecture.md says why.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import isfinite

from config.guards import Limit
from tasks.errors import RateLimited
from tasks.ports.clock import Clock
from tasks.ports.guards import Errand
from worker.broker.errors import BrokerDown
from worker.guards.alone import GUESS, Alone
from worker.guards.post import Letter, Post, Script
from worker.guards.terms import CLOSED, MINUTE, Terms, arguments, keys_of, weight_of

MOST_CLOSED = 60.0
"""Seconds for which a provider's word closes the fleet's door; it may repeat it."""

BETWEEN = 0.02
"""Seconds between those who are told when a door without a limit opens again."""

PROCESS_SECONDS = 10.0
UNSETTLED = 10_000
"""Requests whose tokens may yet be settled; the oldest are forgotten beyond."""

PROCESSES = "triage:limits:processes"


@dataclass(frozen=True, slots=True)
class _Taken:
    """One leave whose tokens are not settled yet."""

    errand: Errand  # so that no other gets its identity
    id: str


class Limits:
    """The limits of one process, which are the fleet's.

    Promise: an upstream without a limit, that did not ask to be left alone, costs no I/O; one with
    a limit one round trip to Redis, off the loop. Without Redis the process keeps to its share.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        post: Post,
        *,
        me: str,
        clock: Clock,
        window: float = MINUTE,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`me`: a name that no other process has."""
        self._terms = Terms(window=window)
        self._limits = {limit.upstream: limit for limit in limits}
        self._alone = {
            name: Alone(window=window, in_place=self._terms.in_place)
            for name, limit in self._limits.items()
        }
        self._post = post
        self._me = me
        self._clock = clock
        self._pause = pause
        self._numbers = count()
        self._processes = GUESS
        self._closed: dict[str, float] = {}  # upstream -> until when, by our monotonic clock
        self._turned_away = 0  # by a door without a limit, since it closed
        self._taken: OrderedDict[int, _Taken] = OrderedDict()
        self._stands: dict[str, tuple[int, int, int]] = {}
        post.on_round(self._round)

    async def take(self, errand: Errand) -> None:
        """Leave to make one request, after a wait of at most a second.

        Raises RateLimited with the seconds until there will be room for it.
        """
        limit = self._limits.get(errand.upstream)
        if limit is None:
            self.look_at_door(errand.upstream)
            return
        id_ = f"{self._me}-{next(self._numbers)}"
        may, wait = await self._answer(errand, limit, id_)
        if not may:
            raise RateLimited(
                f"{limit.upstream} is limited to {limit.said} for the whole fleet", retry_after=wait
            )
        if wait > 0:
            try:
                await self._pause(wait)
            except BaseException:
                self._give_back(errand, limit, id_)
                raise
        if weight_of(errand, limit).most_tokens:
            self._note(_Taken(errand, id_))

    def settle(self, errand: Errand, tokens: int, *, ago: float | None = None) -> None:
        """What this very errand came to, in tokens (a visit: in requests); it is sent by the way.

        `ago`: seconds since the last request of a visit, which counts from then on as a whole.
        """
        taken = self._taken.pop(id(errand), None)
        limit = self._limits.get(errand.upstream)
        if taken and limit and (ago is not None or tokens != weight_of(errand, limit).tokens):
            self._post.send(self._settlement(errand, limit, taken.id, max(0, tokens), ago))

    def has(self, upstream: str) -> bool:
        """Whether it has a limit."""
        return upstream in self._limits

    def look_at_door(self, upstream: str) -> None:
        """Raises RateLimited where the upstream has asked us to leave it alone."""
        if not self._closed or (left := self._closed_for(upstream)) <= 0:
            return
        self._turned_away += 1
        wait = max(1.0, left) + self._turned_away * BETWEEN * self._processes
        raise RateLimited(f"{upstream} asked to be left alone", retry_after=wait)

    def told(self, upstream: str, retry_after: float | None) -> None:
        """The upstream asked to be left alone for so many seconds: so does the whole fleet.

        At most a minute; what is no time to wait is ignored.
        """
        if retry_after is None or not isfinite(retry_after) or retry_after <= 0:
            return
        seconds = min(retry_after, MOST_CLOSED)
        self._close(upstream, seconds)
        args = (upstream, seconds)
        self._post.send(Letter(script=Script.LIMIT_CLOSE, keys=(CLOSED,), args=args))

    def standing(self, upstream: str) -> Mapping[str, object]:
        """What this process last heard, for the record of a call; empty where that is nothing."""
        said: dict[str, object] = {}
        if stands := self._stands.get(upstream):
            said = dict(
                zip(("limit_requests", "limit_tokens", "limit_waiting"), stands, strict=True)
            )
        if (left := self._closed_for(upstream)) > 0:
            said["limit_closed"] = round(left, 1)
        return said

    async def _answer(self, errand: Errand, limit: Limit, id_: str) -> tuple[bool, float]:
        keys = keys_of(errand.upstream, errand.whose)
        try:
            answer = await self._post.ask(
                Script.LIMIT_TAKE, keys, arguments(errand, limit, id_, self._terms)
            )
        except BrokerDown:
            return self._take_alone(errand, limit)
        may, wait, requests, tokens, waiting = map(str, answer)
        self._stands[limit.upstream] = (int(requests), int(tokens), int(waiting))
        return may == "1", float(wait)

    def _take_alone(self, errand: Errand, limit: Limit) -> tuple[bool, float]:
        if (left := self._closed_for(errand.upstream)) > 0:
            return False, max(1.0, left)
        now = self._clock.monotonic()
        weight = weight_of(errand, limit)
        found = self._alone[errand.upstream].take(weight, now=now, processes=self._processes)
        return found[0], found[1] if found[0] else max(1.0, found[1])

    def _closed_for(self, upstream: str) -> float:
        """Seconds until that door opens; 0 where it is open."""
        left = self._closed.get(upstream, 0.0) - self._clock.monotonic()
        if left <= 0:
            self._closed.pop(upstream, None)
            return 0.0
        return left

    def _close(self, upstream: str, seconds: float) -> None:
        if upstream not in self._closed:
            self._turned_away = 0
        until = self._clock.monotonic() + seconds
        self._closed[upstream] = max(until, self._closed.get(upstream, 0.0))

    def _note(self, taken: _Taken) -> None:
        self._taken[id(taken.errand)] = taken
        if len(self._taken) > UNSETTLED:
            self._taken.popitem(last=False)

    def _give_back(self, errand: Errand, limit: Limit, id_: str) -> None:
        self._post.send(self._settlement(errand, limit, id_, -1))

    def _settlement(
        self, errand: Errand, limit: Limit, id_: str, tokens: int, ago: float | None = None
    ) -> Letter:
        weight, since = weight_of(errand, limit), "" if ago is None else ago
        return Letter(
            script=Script.LIMIT_SETTLE,
            keys=keys_of(limit.upstream, None)[:2],
            args=(id_, weight.tokens, tokens, self._terms.span, weight.most_tokens, since),
        )

    def _round(self) -> Iterable[Letter]:
        args = (self._me, PROCESS_SECONDS, 2 * MOST_CLOSED)
        keys = (PROCESSES, CLOSED)
        yield Letter(script=Script.LIMIT_ROUND, keys=keys, args=args, heard=self._heard)

    def _heard(self, answer: Sequence[object] | None) -> None:
        if answer is None:
            return
        count_, *closed = answer
        self._processes = int(str(count_))
        for upstream, left in zip(closed[::2], closed[1::2], strict=True):
            self._close(str(upstream), float(str(left)))
