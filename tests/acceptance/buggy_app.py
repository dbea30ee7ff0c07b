"""The real app with a bug in it: `celery -A tests.acceptance.buggy_app worker -P threads`.

Its helpdesk trips over tickets whose id begins with BUG, in words that the customer wrote.
"""

from collections.abc import Mapping
from dataclasses import replace

from config.environment import Environment
from tasks.ports.helpdesk import Gone, Moved
from tasks.ticket import ExternalId
from worker.celery_app import build
from worker.compose import open_shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.helpdesks.embedded import EmbeddedHelpdesk

CUSTOMERS_WORD = "quokkabread"


class BuggyHelpdesk(EmbeddedHelpdesk):
    """Trips over some tickets."""

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        if ticket.startswith("BUG"):
            fields = {"queue": CUSTOMERS_WORD}
            raise KeyError(fields["queue"])
        return await super().set_fields(ticket, values, key=key, version=version)


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    shop = open_shop(environment)
    buggy = BuggyHelpdesk(shop.home.helpdesk, shop.clock)
    return hire(replace(shop, helpdesk=buggy), queues)


app = build(Environment.read(), _hire)
