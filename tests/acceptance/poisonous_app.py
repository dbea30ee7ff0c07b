"""The real app whose helpdesk kills the process over some tickets.

`celery -A tests.acceptance.poisonous_app worker -P threads`. A ticket whose id begins with POISON
ends the process as a fault in a C library would.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config.environment import Environment
from tasks.ports.helpdesk import Gone, Moved
from tasks.ticket import ExternalId
from worker.celery_app import build
from worker.compose import open_shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.helpdesks.embedded import FULL, EmbeddedHelpdesk

SETTLE = "TRIAGE_TEST_SETTLE"
"""After so many seconds a request has taken effect or never will."""

GATE = "gate"
"""A file in TRIAGE_HOME: while it is there, nothing is written."""


class PoisonousHelpdesk(EmbeddedHelpdesk):
    """Deadly for some, and slow while the gate is shut."""

    gate: Path

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        if ticket.startswith("POISON"):
            os.abort()  # at once, whatever other threads do
        while self.gate.exists():  # noqa: ASYNC110 - another process opens it
            await asyncio.sleep(0.02)
        return await super().set_fields(ticket, values, key=key, version=version)


def hire_poisonous(environment: Environment, queues: frozenset[str]) -> Fleet:
    """A worker's fleet on that helpdesk."""
    shop = open_shop(environment)
    settle = float(environment.credentials.get(SETTLE, "0"))
    able = replace(FULL, once_only_notes=settle == 0, settle_seconds=settle)
    helpdesk = PoisonousHelpdesk(shop.home.helpdesk, shop.clock, capabilities=able)
    helpdesk.gate = shop.home.root / GATE
    return hire(replace(shop, helpdesk=helpdesk), queues)


app = build(Environment.read(), hire_poisonous)
