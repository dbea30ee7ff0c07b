"""The inbox port: where tickets come from."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message as the source brought it, unread: `tasks.intake.parse_ticket` reads it.

    `source` is the name under which the ledger knows its ticket. It need not be the inbox it
    came through: a reply belongs to the source that first brought its ticket.
    """

    source: str
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of what changed, and where to go on. `more`: there was more when this was read."""

    messages: tuple[Message, ...]
    position: str
    more: bool


class Inbox(Protocol):
    """Brings what changed in a source.

    Promise: reading from `position` on (None: from the beginning) until no page says `more`
    brings everything that changed since, oldest first. At least once: a message may come again,
    and a source that forgot where it was starts over. A page holds at most `limit` messages. The
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
