"""Stage 1: gather what is known about the customer, and choose the tier."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from tasks.case import Enriched, Received
from tasks.desk import Desk
from tasks.detour import Detour
from tasks.errors import FactsDown
from tasks.facts import FactKind, Facts
from tasks.routing import route

Found = TypeVar("Found")


async def enrich(case: Received, desk: Desk) -> Enriched | Detour:
    """The case with its customer's facts. A source that is away leaves a gap, not an error."""
    facts = await _gather(case, desk)
    chosen = route(case.ticket, facts, desk.tiers)
    return Enriched(received=case, facts=facts, tier=chosen.tier, rule=chosen.why)


async def _gather(case: Received, desk: Desk) -> Facts:
    """All kinds of facts at the same time, each with its own failure."""
    missing: dict[FactKind, str] = {}

    async def have(kind: FactKind, asked: Coroutine[None, None, Found], gap: Found) -> Found:
        try:
            return await asked
        except FactsDown as down:
            missing[kind] = str(down)
            return gap

    source, requester = desk.facts, case.ticket.requester
    account, billing, incidents, interactions = await asyncio.gather(
        have("account", source.account(requester), None),
        have("billing", source.billing(requester), ()),
        have("incidents", source.incidents(requester), ()),
        have("interactions", source.interactions(requester), ()),
    )
    created = case.ticket.created_at
    return Facts(
        fetched_at=desk.clock.now(),
        account=account,
        billing=billing,
        incidents=tuple(incident for incident in incidents if incident.open_at(created)),
        interactions=interactions,
        unavailable=missing,
    )
