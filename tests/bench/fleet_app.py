"""The fleet under measurement: the real app, with facts and helpdesk over HTTP."""

import os
from dataclasses import replace
from functools import partial

from config.environment import Environment
from tasks.desk import Desk, Journal
from tests.bench.adapters import Web, WebFacts, WebHelpdesk
from worker.celery_app import build
from worker.compose import Shop, open_shop
from worker.crew import Desks, hire, open_models
from worker.fleet import Fleet
from worker.guards.open_door import OpenDoor


def _desks(shop: Shop) -> Desks:
    web = Web(os.environ["BENCH_STUB"])
    shared = Desk(
        taxonomy=shop.config.taxonomy,
        tiers=shop.config.tiers,
        policy=shop.config.policy,
        prompt=shop.config.classify,
        clock=shop.clock,
        facts=WebFacts(web),
        models=open_models(shop),
        helpdesk=WebHelpdesk(web, looks=os.environ.get("BENCH_LOOKS") == "1"),
        guards=OpenDoor(),
        limits=shop.config.guards,
        journal=None,  # type: ignore[arg-type]  # given for each run below
    )
    return partial(_for, shared)


def _for(shared: Desk, journal: Journal) -> Desk:
    return replace(shared, journal=journal)


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    shop = open_shop(environment)
    return hire(shop, queues, _desks(shop))


app = build(Environment.read(), _hire)
