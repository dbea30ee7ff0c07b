"""Stage 1: gather what is known about the customer and was said before, and choose the tier."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import TypeVar

from config.facts import FactKind
from tasks.case import Enriched, Received
from tasks.desk import Desk
from tasks.detour import Detour
from tasks.errors import FactsDown
from tasks.facts import Facts, Known, aged
from tasks.history import recollect
from tasks.routing import route

Found = TypeVar("Found")


async def enrich(case: Received, desk: Desk) -> Enriched | Detour:
    """The case with its customer's facts. A source that is away leaves a gap, not an error."""
    facts = await _gather(case, desk)
    desk.patience.heard()
    chosen = route(case.ticket, facts, desk.tiers)
    enriched = Enriched(received=case, facts=facts, tier=chosen.tier, rule=chosen.why)
    return replace(enriched, context=await recollect(enriched, desk))


async def _gather(case: Received, desk: Desk) -> Facts:
    """All kinds of facts at the same time, each with its own failure."""
    missing: dict[FactKind, str] = {}
    found: dict[FactKind, Known[object]] = {}

    async def have(kind: FactKind, asked: Coroutine[None, None, Known[Found]], gap: Found) -> Found:
        try:
            known = await asked
        except FactsDown as down:
            missing[kind] = str(down)
            return gap
        found[kind] = Known[object](known.fact, known.as_of, known.good_for)
        return known.fact

    source, requester = desk.facts, case.ticket.requester
    account, billing, incidents, interactions = await asyncio.gather(
        have("account", source.account(requester), None),
        have("billing", source.billing(requester), ()),
        have("incidents", source.incidents(requester), ()),
        have("interactions", source.interactions(requester), ()),
    )
    created, now = case.ticket.created_at, desk.clock.now()
    as_of = {kind: known.as_of for kind, known in found.items() if known.as_of is not None}
    good_for = {kind: known.good_for for kind, known in found.items() if known.good_for is not None}
    return Facts(
        fetched_at=now,
        account=account,
        billing=billing,
        incidents=tuple(incident for incident in incidents if incident.open_at(created)),
        interactions=interactions,
        unavailable=missing,
        stale=_stale(as_of, good_for, now=now, usual=desk.policy.facts_good_for_seconds),
        as_of=as_of,
        good_for=good_for,
    )


def _stale(
    as_of: Mapping[FactKind, float], good_for: Mapping[FactKind, float], *, now: float, usual: float
) -> dict[FactKind, str]:
    """Those that were old already when we had them, with their age."""
    ages = {kind: now - at for kind, at in as_of.items()}
    return {kind: aged(age) for kind, age in ages.items() if age > good_for.get(kind, usual)}
