"""Lets nothing out to the helpdesk by a worker that others may take for dead."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tasks.desk import Desk, Journal
from tasks.errors import LedgerDown
from tasks.ports.helpdesk import Capabilities, Gone, Helpdesk, Moved, Seen, Traces
from tasks.ticket import ExternalId


class FencedHelpdesk:
    """The same helpdesk. Raises LedgerDown instead of sending where `may_send` says no.

    A process frozen after this check and before its request can still send: nothing on this side
    prevents that, so twins of notes are looked for later.
    """

    def __init__(self, helpdesk: Helpdesk, may_send: Callable[[], bool]) -> None:
        self._helpdesk = helpdesk
        self._may_send = may_send

    @property
    def capabilities(self) -> Capabilities:
        """Its own."""
        return self._helpdesk.capabilities

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        return await self._helpdesk.look(ticket)

    async def refuses(self, ticket: ExternalId, values: Mapping[str, str]) -> Mapping[str, str]:
        return await self._helpdesk.refuses(ticket, values)

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        return await self._helpdesk.traces(ticket, key=key)

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        self._check()
        return await self._helpdesk.set_fields(ticket, values, key=key, version=version)

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        self._check()
        return await self._helpdesk.post_note(ticket, body, key=key)

    def _check(self) -> None:
        if not self._may_send():
            raise LedgerDown("no heartbeat of this worker has reached the ledger lately")


def fenced(
    desks: Callable[[Journal], Desk], may_send: Callable[[], bool]
) -> Callable[[Journal], Desk]:
    """The same desks, each with its helpdesk behind the fence."""

    def desk(journal: Journal) -> Desk:
        whole = desks(journal)
        return replace(whole, helpdesk=FencedHelpdesk(whole.helpdesk, may_send))

    return desk
