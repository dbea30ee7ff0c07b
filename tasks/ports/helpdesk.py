"""The helpdesk port: where decisions become visible to people.

A helpdesk says what it can, and `tasks.delivery` makes of that the strongest promise there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tasks.ticket import ExternalId

FIELDS = ("issue_type", "priority", "queue", "escalated")
"""The only fields that are ever written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What a helpdesk can; each is proven by the contract suite against the live system."""

    conditional_write: Literal["none", "best_effort", "strict"]
    """Whether `set_fields` is refused where the ticket has changed since `version`."""
    once_only_notes: bool
    """A note that is posted twice under one key is there once."""
    settle_seconds: float
    """A request that the helpdesk accepted has taken effect, or never will, after so long."""
    history_in_one_step: bool = True
    """A value is never there without the entry that tells of it, whenever the helpdesk dies."""
    write_requests: int = 8
    """That a whole write comes to, as a rule, at most: a limit gives leave for all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An open ticket as it stands: all of FIELDS, and a version that every change of them moves."""

    fields: Mapping[str, str | None]
    version: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The ticket is closed, deleted or was never there."""

    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody has changed the ticket since the version that was named; nothing was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What the ticket's own history tells, whatever else was done to it since.

    `counts`: how often it holds each key. `last`: for a field, the key under which it was changed
    last, None where that was somebody else. `chosen`: for a field, what a person has set it to
    last, whatever it holds now. A helpdesk that cannot tell names no field in these two.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, str | None] = field(default_factory=dict)
    chosen: Mapping[str, str | None] = field(default_factory=dict)


EVERY = ""
"""Every key is under it."""


def is_under(one: str, key: str) -> bool:
    """Whether a key begins with another one and a colon, or the other one is EVERY."""
    return not key or one.startswith(f"{key}:")


class Helpdesk(Protocol):
    """Looks at tickets, sets fields, posts internal notes.

    Promise: `set_fields` sets absolute values (None: empty), so that twice is as good as once, and
    `version` makes it conditional as far as the capabilities say. `post_note` posts an internal
    note (never mailed to the customer). What it writes bears the machine's name and a key in the
    ticket's history (a field `KEY:FIELD`, a note the key it was given), where `traces` finds all
    that are under a key, on closed tickets too. A ticket that is closed or unknown answers Gone and
    is not changed. An answer without error does not mean that a value was taken: look again.

    `refuses` says which of these values it does not have for it at present (a queue that somebody
    has disabled), and why; what it knows may be a minute old.

    Raises HelpdeskDown when the helpdesk did not answer: the effect is then unknown.
    Raises RateLimited and CredentialRefused as the helpdesk says so: there was no effect.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def look(self, ticket: ExternalId) -> Seen | Gone: ...

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None: ...

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None: ...

    async def refuses(self, ticket: ExternalId, values: Mapping[str, str]) -> Mapping[str, str]: ...

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces: ...
