"""The fleet under measurement: the real app, with facts and helpdesk over HTTP."""

import os
from dataclasses import replace
from functools import partial

from config.environment import Environment
from tasks import asking
from tasks.desk import Desk, Journal
from tasks.ports.guards import Guards
from tests.bench.adapters import Web, WebFacts, WebHelpdesk
from worker.celery_app import build
from worker.compose import Shop, open_shop
from worker.crew import hire
from worker.desks import Desks
from worker.fleet import Fleet
from worker.guards.open_door import OpenDoor
from worker.serving import open_models

GUARDED = os.environ.get("BENCH_GUARDS") != "0"


async def _for_nothing(*_: object) -> bool:
    """No money is set aside."""
    return True


if not GUARDED:
    setattr(asking, "_reserved", _for_nothing)  # noqa: B010 - what no setting turns off


def _desks(shop: Shop, guards: Guards) -> Desks:
    web = Web(os.environ["BENCH_STUB"])
    shared = Desk(
        taxonomy=shop.config.taxonomy,
        tiers=shop.config.tiers,
        policy=shop.config.policy.model_copy(update={"route_note": False}),  # the chain posts none
        prompt=shop.config.classify,
        clock=shop.clock,
        facts=WebFacts(web),
        models=open_models(shop),
        helpdesk=WebHelpdesk(web, looks=os.environ.get("BENCH_LOOKS") == "1"),
        guards=guards if GUARDED else OpenDoor(),
        limits=shop.config.guards,
        journal=None,  # type: ignore[arg-type]  # given for each run below
    )
    return partial(_for, shared)


def _for(shared: Desk, journal: Journal) -> Desk:
    return replace(shared, journal=journal)


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    shop = open_shop(environment)
    return hire(shop, queues, partial(_desks, shop))


app = build(Environment.read(), _hire)
