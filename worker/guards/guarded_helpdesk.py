"""A helpdesk behind the guards."""

from collections.abc import Mapping

from tasks.ports.guards import Ended, Errand, Guards
from tasks.ports.helpdesk import Capabilities, Gone, Helpdesk, Moved, Seen, Traces
from tasks.ticket import ExternalId


class GuardedHelpdesk:
    """The same helpdesk. Raises BreakerOpen besides, where nothing was sent."""

    def __init__(self, helpdesk: Helpdesk, guards: Guards, errand: Errand) -> None:
        self._helpdesk = helpdesk
        self._guards = guards
        self._errand = errand

    @property
    def capabilities(self) -> Capabilities:
        """Its own."""
        return self._helpdesk.capabilities

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        async with self._guards.admit(self._errand):
            return await self._helpdesk.look(ticket)

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        async with self._guards.admit(self._errand):
            return await self._helpdesk.set_fields(ticket, values, key=key, version=version)

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        async with self._guards.admit(self._errand):
            return await self._helpdesk.post_note(ticket, body, key=key)

    async def refuses(self, values: Mapping[str, str]) -> Mapping[str, str]:
        async with self._guards.admit(self._errand) as permit:
            refused = await self._helpdesk.refuses(values)
            permit.ended = Ended.CANCELLED  # it may be from memory, which says nothing of today
            return refused

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        async with self._guards.admit(self._errand):
            return await self._helpdesk.traces(ticket, key=key)
