"""The real app with a library in it that tells everybody everything it was given.

`celery -A tests.acceptance.talkative_app worker -P threads`. Its helpdesk cannot write tickets
whose id begins with BUG, and says so in the customer's words: to log and Sentry, and in errors.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

import sentry_sdk

from config.environment import Environment
from tasks.ports.helpdesk import Gone, Moved
from tasks.ticket import ExternalId
from tests.twins.planted import PLANTED
from worker.celery_app import build
from worker.compose import open_shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.helpdesks.embedded import EmbeddedHelpdesk


def planted_in(ticket: str) -> tuple[str, str]:
    """What `BUG-7` or `T-7` has in it: the sentence, and the value alone."""
    _, sentence, value = PLANTED[int(ticket.partition("-")[2]) % len(PLANTED)]
    return sentence.format(value), value


class TalkativeHelpdesk(EmbeddedHelpdesk):
    """Trips over some tickets, and over its own words."""

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        if not ticket.startswith("BUG"):
            return await super().set_fields(ticket, values, key=key, version=version)
        text, value = planted_in(ticket)
        logging.getLogger("a.library").error("cannot write %s", text)
        sentry_sdk.set_tag("about", text)
        sentry_sdk.set_extra("about", value)
        sentry_sdk.set_context("about", {"text": text, value: value})
        sentry_sdk.set_user({"email": value})
        sentry_sdk.add_breadcrumb(message=text)
        error = RuntimeError(text)
        error.add_note(value)
        raise error from KeyError(value)


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    shop = open_shop(environment)
    talkative = TalkativeHelpdesk(shop.home.helpdesk, shop.clock)
    return hire(replace(shop, helpdesk=talkative), queues)


app = build(Environment.read(), _hire)
