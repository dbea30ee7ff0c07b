"""Customers' replies on the embedded helpdesk, and what people have set there."""

from tasks.errors import HelpdeskDown, SourceDown
from tasks.ports.inbox import Choice, Message, Page, Standing
from worker.helpdesks.archive import DECIDED
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.shown import ShownTicket

AND = "+"
"""Between how far replies were read, and how far edits."""


class EmbeddedInbox:
    """Brings every conversation in which the customer wrote again, whole, as a ticket.

    It keeps the source that first brought the ticket, and so it is that ticket's next revision:
    subject and body as they were, the replies at the end of the thread. Its `fields` leave out
    what a person chose, so that the next revision's write finds a person's value there and keeps
    it. Replies to one ticket that came since are one message: each would say the same. With them
    comes what people have set since, on whatever ticket.
    """

    name = "helpdesk"

    def __init__(self, helpdesk: EmbeddedHelpdesk) -> None:
        self._helpdesk = helpdesk

    def start(self) -> str | None:
        """The beginning: what is there is meant to be taken in."""
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        """The conversations of at most `limit` replies. Raises SourceDown."""
        replies, _, edits = (position or "").partition(AND)
        try:
            replied = self._helpdesk.replied(replies, limit=limit)
            edited = self._helpdesk.edited(edits, limit=limit)
        except HelpdeskDown as error:
            raise SourceDown(f"{error}: replies wait there until it does") from error
        now = self._helpdesk.now()
        return Page(
            messages=tuple(
                Message(source=one.source, raw=one.ticket.model_dump_json().encode())
                for one in replied.conversations
            ),
            standings=tuple(
                Standing(source=source, ticket=ticket, choices=_choices(shown, now))
                for source, ticket, shown in edited.tickets
            ),
            position=f"{replied.position}{AND}{edited.position}",
            more=replied.more or edited.more,
        )


def _choices(shown: ShownTicket, now: float) -> dict[str, Choice]:
    return {
        name: Choice(value=one.after, by=one.author, ago=now - one.at)
        for name, one in shown.chosen().items()
        if name in DECIDED and one.after
    }
