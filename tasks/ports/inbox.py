"""The inbox port: where tickets come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tasks.ticket import ExternalId


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message as the source brought it, unread: `tasks.intake.parse_ticket` reads it.

    `source` is the name under which the ledger knows its ticket. It need not be the inbox it
    came through: a reply belongs to the source that first brought its ticket.
    """

    source: str
    raw: bytes
    unread: str | None = None
    """Why the source cannot show this one; `raw` says which it is, and nothing of what it says."""
    held: Mapping[str, str | None] | None = None
    """What its fields held, of a helpdesk that tells nobody who set them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What a field holds that a person has set, in our values.

    `by` and `ago` (seconds before it was read): None where the helpdesk does not tell. Then a
    person need not have set it: it is only what stands there.
    """

    value: str
    by: str | None = None
    ago: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What people have chosen on a ticket that has changed, open or closed, by our field names."""

    source: str
    ticket: ExternalId
    choices: Mapping[str, Choice]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of what changed, and where to go on. `more`: there was more when this was read.

    `unread`: tickets that could not be read now, each with why; they come with a later page.
    """

    messages: tuple[Message, ...]
    position: str
    more: bool
    unread: Mapping[ExternalId, str] = field(default_factory=dict)
    standings: tuple[Standing, ...] = field(default=())


class Inbox(Protocol):
    """Brings what changed in a source.

    Promise: reading from `position` on (None: from the beginning) until no page says `more`
    brings everything that changed since, oldest first. At least once: a message may come again,
    and a source that forgot where it was starts over. A page holds at most `limit` messages, and
    with them what people have chosen on these and other tickets since, where a source has that. The
    position means something to its own inbox alone; any text is accepted, and the same one
    brings at least the same messages again for as long as the source holds them.

    A first poll begins at `start`: None for the beginning, or where it stands now, so that
    connecting a source with a past does not flood anybody.

    Raises SourceDown when the source cannot be read; the message says what to do about it.
    """

    @property
    def name(self) -> str:
        """The source's name in the ledger: the same in every process, today and tomorrow."""
        ...

    def start(self) -> str | None: ...

    def read(self, position: str | None, *, limit: int) -> Page: ...
