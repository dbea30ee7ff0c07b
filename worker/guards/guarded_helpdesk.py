"""A helpdesk behind the guards."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace

from tasks.ports.guards import Ended, Errand, Guards, Permit
from tasks.ports.helpdesk import Capabilities, Gone, Helpdesk, Moved, Seen, Traces
from tasks.ticket import ExternalId
from worker.helpdesks.asked import counted


class GuardedHelpdesk:
    """The same helpdesk. Raises BreakerOpen and RateLimited besides, where nothing was sent.

    All that is asked about one ticket is one visit to the fleet's limit.
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

    @property
    def capabilities(self) -> Capabilities:
        """Its own."""
        return self._helpdesk.capabilities

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        async with self._admitted(ticket):
            return await self._helpdesk.look(ticket)

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        async with self._admitted(ticket):
            return await self._helpdesk.set_fields(ticket, values, key=key, version=version)

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        async with self._admitted(ticket):
            return await self._helpdesk.post_note(ticket, body, key=key)

    async def refuses(self, ticket: ExternalId, values: Mapping[str, str]) -> Mapping[str, str]:
        async with self._admitted(ticket) as permit:
            refused = await self._helpdesk.refuses(ticket, values)
            permit.ended = Ended.CANCELLED  # it may be from memory, which says nothing of today
            return refused

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        async with self._admitted(ticket):
            return await self._helpdesk.traces(ticket, key=key)

    @asynccontextmanager
    async def _admitted(self, ticket: ExternalId) -> AsyncIterator[Permit]:
        """A turn first: who was let through and then waited would call what is known to be away."""
        errand = replace(self._errand, whose=ticket)
        async with self._turn, self._guards.admit(errand) as permit:
            with counted() as asked:
                try:
                    yield permit
                finally:
                    permit.requests = asked.requests
