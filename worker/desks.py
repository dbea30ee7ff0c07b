"""Desks: what the stages of one run work with, put together from the shop's parts.

It loads models, so nothing but a worker (and `ticket replay`) may import it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from config.tiers import Tiers
from tasks.desk import Desk, Journal
from tasks.ports.guards import Guards
from tasks.ports.model import Models
from worker.compose import Shop, open_facts
from worker.facts.sources import FactSources
from worker.guards.guarded_helpdesk import GuardedHelpdesk
from worker.guards.open_door import OpenDoor
from worker.measuring import LedgerMeasures
from worker.models.switchboard import Switchboard
from worker.serving import open_models
from worker.telemetry.log import Log
from worker.upstreams import errand_to_helpdesk

Desks = Callable[[Journal], Desk]
"""Gives each run a desk for its own journal."""


def open_desks(
    shop: Shop,
    models: Models,
    guards: Guards | None = None,
    *,
    facts: FactSources | None = None,
    helpdesk: GuardedHelpdesk | None = None,
) -> Desks:
    """Gives each run a desk of its own; everything but the journal is shared.

    `facts` are closed by whoever has opened them; `helpdesk` is behind the same guards, and shared
    with whatever else asks it. Without guards everything is let through: for what an operator does
    by hand.
    """
    config = shop.config
    guards = guards or OpenDoor()
    return partial(
        _desk,
        taxonomy=config.taxonomy,
        tiers=config.tiers,
        policy=config.policy,
        prompt=config.classify,
        judge=config.judge,
        place=config.helpdesk.kind,
        measures=_measures(shop),
        summarise=config.summarise,
        compress=config.compress,
        clock=shop.clock,
        facts=facts or open_facts(shop.config, shop.clock, guards),
        models=models,
        helpdesk=helpdesk or guarded_helpdesk(shop, guards),
        guards=guards,
        limits=config.guards,
    )


@asynccontextmanager
async def desk_with(shop: Shop, journal: Journal, tiers: Tiers) -> AsyncIterator[Desk]:
    """A desk of this shop for one journal, with these tiers. Loads models: seconds."""
    models = open_models(shop, tiers)
    facts = open_facts(shop.config, shop.clock)
    try:
        yield replace(open_desks(shop, models, facts=facts)(journal), tiers=tiers)
    finally:
        await aclose(models, facts)


async def aclose(*opened: Switchboard | FactSources | None) -> None:
    """Ends the connections that a loop has opened."""
    for one in opened:
        if one is not None:
            await one.aclose()


def guarded_helpdesk(shop: Shop, guards: Guards) -> GuardedHelpdesk:
    """The shop's helpdesk behind these guards; one for a process, which is as busy as it may be."""
    remote = shop.config.helpdesk.remote
    at_once = remote.requests if remote else None
    return GuardedHelpdesk(shop.helpdesk, guards, errand_to_helpdesk(shop.config), at_once=at_once)


def _measures(shop: Shop) -> LedgerMeasures:
    tolerated = shop.config.policy.autonomy.tolerated
    return LedgerMeasures(
        ledger=shop.ledger, clock=shop.clock, tolerated=tolerated, log=Log("measures")
    )


def _desk(journal: Journal, **shared: object) -> Desk:
    return Desk(journal=journal, **shared)  # type: ignore[arg-type]  # the names are Desk's own
