"""A helpdesk behind the guards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from itertools import count
from typing import TypeVar

from tasks.errors import NotAllowed, RateLimited
from tasks.ports.guards import Ended, Errand, Guards
from tasks.ports.helpdesk import Capabilities, Gone, Helpdesk, Moved, Seen, Traces
from tasks.ticket import ExternalId
from worker.helpdesks.asked import counted

Answer = TypeVar("Answer")

MOST_CALLS, MOST_SECONDS = 20, 60.0
"""Of one kind, while the helpdesk answers each with 429 and the visit may go on."""

AGAIN_SECONDS = 2.0
"""Until the next one, at most; a guard that was told of a longer time waits for the rest of it."""

KNOWN_SECONDS, MOST_KNOWN = 3_600.0, 1_000
"""How long, and of how many tickets, it is known that they were refused."""


class GuardedHelpdesk:
    """The same helpdesk. Raises BreakerOpen and RateLimited besides, where nothing was sent.

    All that is asked about one ticket is one visit to the fleet's limit. A call that the helpdesk
    answers with 429 had no effect: it is made again, as long as the visit may go on.
    """

    def __init__(
        self, helpdesk: Helpdesk, guards: Guards, errand: Errand, *, at_once: int | None = None
    ) -> None:
        """`at_once`: as many calls as it takes; None: it takes all."""
        self._helpdesk = helpdesk
        self._guards = guards
        self._errand = replace(errand, visit=helpdesk.capabilities.write_requests)
        turn: AbstractAsyncContextManager[None] = nullcontext()
        self._turn = asyncio.Semaphore(at_once) if at_once else turn
        self._refused: dict[ExternalId, float] = {}

    @property
    def capabilities(self) -> Capabilities:
        """Its own."""
        return self._helpdesk.capabilities

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        return await self._ask(ticket, lambda: self._helpdesk.look(ticket))

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        return await self._ask(
            ticket,
            lambda: self._helpdesk.set_fields(ticket, values, key=key, version=version),
        )

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        return await self._ask(ticket, lambda: self._helpdesk.post_note(ticket, body, key=key))

    async def refuses(self, ticket: ExternalId, values: Mapping[str, str]) -> Mapping[str, str]:
        return await self._ask(
            ticket,
            lambda: self._helpdesk.refuses(ticket, values),
            Ended.CANCELLED,  # it may be from memory, which says nothing of today
        )

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        return await self._ask(ticket, lambda: self._helpdesk.traces(ticket, key=key))

    async def _ask(
        self,
        ticket: ExternalId,
        call: Callable[[], Awaitable[Answer]],
        ended: Ended | None = None,
    ) -> Answer:
        """What the call gives; as `ended` for its breaker where it answers.

        A 429 had no effect, so it is called again as soon as the guards let it through: they know
        whether its ticket's visit goes on, and when the helpdesk may be asked.
        """
        now = asyncio.get_running_loop().time
        until = now() + MOST_SECONDS
        for again in count(1):
            try:
                return await self._once(ticket, call, ended)
            except TurnedAway as turned_away:
                if again >= MOST_CALLS or now() >= until:
                    raise turned_away.said from None
                told = turned_away.said.retry_after or 0.0
                await asyncio.sleep(min(told, AGAIN_SECONDS) if told > 0 else AGAIN_SECONDS)
        raise AssertionError  # there is no last number

    async def _once(
        self, ticket: ExternalId, call: Callable[[], Awaitable[Answer]], ended: Ended | None
    ) -> Answer:
        """Raises TurnedAway where it was the helpdesk that said 429, and none of our guards."""
        errand, said = replace(self._errand, whose=ticket), None
        try:
            # A turn first: who waited for it last would call what is known to be away.
            async with self._turn, self._guards.admit(errand) as permit:
                # Between leave and request lies the way to a thread: on a busy machine, seconds.
                with counted(permit.look) as asked:
                    try:
                        answer = await call()
                    except RateLimited as error:
                        said = error
                        raise
                    except NotAllowed:
                        permit.ended = self._is_news(ticket)
                        raise
                    finally:
                        permit.requests = asked.requests
                permit.ended = ended
                return answer
        except RateLimited as error:
            if error is said:
                raise TurnedAway(error) from error
            raise

    def _is_news(self, ticket: ExternalId) -> Ended:
        """How a call ends for the breaker that was refused with that ticket alone.

        It has failed the first time: who has lost all rights is found out by many tickets. Once
        more it says nothing, or one such ticket would open the breaker of a quiet night.
        """
        now = asyncio.get_running_loop().time()
        before = self._refused.pop(ticket, None)
        if before is not None and now - before < KNOWN_SECONDS:
            self._refused[ticket] = before
            return Ended.NEUTRAL
        if len(self._refused) >= MOST_KNOWN:
            del self._refused[next(iter(self._refused))]
        self._refused[ticket] = now
        return Ended.FAILURE


class TurnedAway(Exception):
    """By the helpdesk itself; `said` is what it said."""

    def __init__(self, said: RateLimited) -> None:
        super().__init__(str(said))
        self.said = said
