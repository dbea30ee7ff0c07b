"""Facts and helpdesk of the benchmark, over HTTP: three GETs and three PATCHes a ticket."""

import asyncio
from collections.abc import Mapping

from aiohttp import ClientSession, TCPConnector

from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction, Known
from tasks.ports.helpdesk import FIELDS, Capabilities, Gone, Moved, Seen, Traces
from tasks.ticket import ExternalId, Requester


class Web:
    """One session per event loop, opened at its first use there."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        """The session."""
        if self._session is None:
            self._session = ClientSession(connector=TCPConnector(limit=0))
        return self._session

    async def get(self, path: str) -> object:
        """The JSON at that path."""
        async with self.session.get(f"{self.base}{path}") as answer:
            return await answer.json()

    async def patch(self, path: str, value: object) -> None:
        """Sends the value there."""
        async with self.session.patch(f"{self.base}{path}", json={"value": value}) as answer:
            await answer.read()


class WebFacts:
    """Implements CustomerFacts; the stub keeps facts by the requester's name, the ticket's id."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def at_hand(self, requester: Requester) -> AtHand | None:
        return None

    async def account(self, requester: Requester) -> Known[Account | None]:
        return Known(Account.model_validate(await self._web.get(f"/account/{requester.name}")))

    async def billing(self, requester: Requester) -> Known[tuple[BillingEvent, ...]]:
        found = await self._web.get(f"/billing/{requester.name}")
        assert isinstance(found, list)
        return Known(tuple(BillingEvent.model_validate(one) for one in found))

    async def incidents(self, requester: Requester) -> Known[tuple[Incident, ...]]:
        found = await self._web.get(f"/incidents/{requester.name}")
        assert isinstance(found, list)
        return Known(tuple(Incident.model_validate(one) for one in found))

    async def interactions(self, requester: Requester) -> Known[tuple[Interaction, ...]]:
        return Known(())


class WebHelpdesk:
    """Implements Helpdesk: one PATCH a field, and one GET a look, where it is to look."""

    capabilities = Capabilities(
        conditional_write="strict", once_only_notes=True, settle_seconds=0.0
    )

    def __init__(self, web: Web, *, looks: bool) -> None:
        self._web = web
        self._looks = looks
        self._held: dict[str, dict[str, str | None]] = {}  # what the stub would say

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        if self._looks:
            await self._web.get(f"/account/{ticket}")  # as large as a ticket is
        held = self._held.pop(ticket, None) or dict.fromkeys(FIELDS)
        return Seen(fields=held, version="0")

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        await asyncio.gather(
            *(self._web.patch(f"/tickets/{ticket}/{name}", to) for name, to in values.items())
        )
        self._held[ticket] = {**dict.fromkeys(FIELDS), **values}
        return None

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        return None

    async def refuses(self, ticket: ExternalId, values: Mapping[str, str]) -> Mapping[str, str]:
        return {}

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        return Traces()
