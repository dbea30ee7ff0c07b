"""A ticket's messages in the order in which they were said."""

from typing import NamedTuple

from tasks.ticket import Ticket, Turn


class Conversation(NamedTuple):
    """What was said before the customer's last words, these, and what was said since."""

    earlier: tuple[Turn, ...]
    newest: Turn
    later: tuple[Turn, ...]  # agents' alone


def conversation(ticket: Ticket) -> Conversation:
    """All of its messages, oldest first.

    A helpdesk keeps the opening as the ticket's own text, and what came since beside it; a mail is
    itself the last one. So their times tell; a turn without one is quoted from before.
    """
    turns = _in_order(ticket)
    last = max(place for place, turn in enumerate(turns) if turn.author == "customer")
    return Conversation(turns[:last], turns[last], turns[last + 1 :])


def _in_order(ticket: Ticket) -> tuple[Turn, ...]:
    own = Turn(author="customer", body=ticket.body, quoted=ticket.quoted, at=ticket.created_at)
    since = [turn for turn in ticket.thread if turn.at is not None and turn.at > ticket.created_at]
    before = [turn for turn in ticket.thread if turn not in since]
    return (*before, own, *since)
