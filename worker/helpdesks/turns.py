"""Which turns of a conversation are new."""

from collections import Counter
from collections.abc import Iterable

from tasks.ticket import Ticket, Turn


def said_in(ticket: Ticket) -> tuple[Turn, ...]:
    """The whole conversation, its body as the customer's last turn."""
    return (*ticket.thread, Turn(author="customer", body=ticket.body, at=ticket.created_at))


def new_turns(held: Iterable[Turn], brought: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns of `brought` that are not held yet, in their order.

    A turn is known by author and text, for sources often leave the time out; what somebody said
    twice is held twice.
    """
    known = Counter((turn.author, turn.body) for turn in held)
    new = []
    for turn in brought:
        if known[turn.author, turn.body] > 0:
            known[turn.author, turn.body] -= 1
        else:
            new.append(turn)
    return tuple(new)
