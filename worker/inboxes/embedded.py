"""Customers' replies on the embedded helpdesk."""

from tasks.errors import HelpdeskDown, SourceDown
from tasks.ports.inbox import Message, Page
from worker.helpdesks.embedded import EmbeddedHelpdesk


class EmbeddedInbox:
    """Brings every conversation in which the customer wrote again, whole, as a ticket.

    It keeps the source that first brought the ticket, and so it is that ticket's next revision:
    subject and body as they were, the replies at the end of the thread. Its `fields` leave out
    what a person chose, so that the next revision's write finds a person's value there and keeps
    it. Replies to one ticket that came since are one message: each would say the same.
    """

    name = "helpdesk"

    def __init__(self, helpdesk: EmbeddedHelpdesk) -> None:
        self._helpdesk = helpdesk

    def start(self) -> str | None:
        """The beginning: what is there is meant to be taken in."""
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        """The conversations of at most `limit` replies. Raises SourceDown."""
        try:
            replied = self._helpdesk.replied(position, limit=limit)
        except HelpdeskDown as error:
            raise SourceDown(f"{error}: replies wait there until it does") from error
        return Page(
            messages=tuple(
                Message(source=one.source, raw=one.ticket.model_dump_json().encode())
                for one in replied.conversations
            ),
            position=replied.position,
            more=replied.more,
        )
