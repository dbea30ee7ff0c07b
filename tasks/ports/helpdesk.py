"""The helpdesk port: where decisions become visible to people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tasks.ticket import ExternalId

FIELDS = ("issue_type", "priority", "queue", "escalated")
"""The only fields that are ever written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldWrite:
    """One field to set: it may hold `before` or already `value`; anything else is a person's."""

    before: str | None
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldResult:
    """What the helpdesk holds afterwards. `applied` is False where a person's value was kept."""

    applied: bool
    holds: str | None


@dataclass(frozen=True, slots=True)
class Gone:
    """The ticket is closed, deleted or was never there."""

    why: str


class Helpdesk(Protocol):
    """Sets fields and posts internal notes on tickets.

    Promise: `write` sets each field only where it holds the write's `before` or its `value`
    already, says for each field what it holds afterwards (read back, not assumed), and setting
    it twice is setting it once. `add_note` posts an internal note (never mailed to the customer)
    and posts it once however often it is called with the same key. A ticket that is closed or
    unknown answers Gone and is not changed. Both record the author as the machine.

    Raises HelpdeskDown when the helpdesk did not answer: the effect is then unknown.
    Raises RateLimited and CredentialRefused as the helpdesk says so.
    """

    async def write(
        self, ticket: ExternalId, wanted: Mapping[str, FieldWrite], *, key: str
    ) -> Mapping[str, FieldResult] | Gone: ...

    async def add_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None: ...
