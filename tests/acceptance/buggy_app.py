"""The real app with a bug in it: `celery -A tests.acceptance.buggy_app worker -P threads`.

Its helpdesk trips over tickets whose id begins with BUG, in words that the customer wrote.
"""

from collections.abc import Mapping
from dataclasses import replace

from config.environment import Environment
from tasks.desk import Desk, Journal
from tasks.ports.helpdesk import FieldResult, FieldWrite, Gone, Helpdesk
from tasks.ticket import ExternalId
from worker.celery_app import build
from worker.compose import open_shop
from worker.crew import hire, open_desks, open_models
from worker.fleet import Fleet

CUSTOMERS_WORD = "quokkabread"


class BuggyHelpdesk:
    """Passes everything on but what it trips over."""

    def __init__(self, sound: Helpdesk) -> None:
        self._sound = sound

    async def write(
        self, ticket: ExternalId, wanted: Mapping[str, FieldWrite], *, key: str
    ) -> Mapping[str, FieldResult] | Gone:
        if ticket.startswith("BUG"):
            fields = {"queue": CUSTOMERS_WORD}
            raise KeyError(fields["queue"])
        return await self._sound.write(ticket, wanted, key=key)

    async def add_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        return await self._sound.add_note(ticket, body, key=key)


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    shop = open_shop(environment)
    sound = open_desks(shop, open_models(shop))

    def buggy(journal: Journal) -> Desk:
        desk = sound(journal)
        return replace(desk, helpdesk=BuggyHelpdesk(desk.helpdesk))

    return hire(shop, queues, buggy)


app = build(Environment.read(), _hire)
