"""What each field may hold without any person having chosen it."""

from tasks.desk import Past
from tasks.ports.helpdesk import FIELDS
from tasks.ticket import Ticket


def images(ticket: Ticket, past: Past) -> dict[str, tuple[str | None, ...]]:
    """By field, the likeliest first.

    That is what was read, or what was written over it before. Where nobody knows whether it was,
    either. Where a person's value was found and kept, what was looked for is still what would have
    to be there: the person's value stays a person's, although we have read it by now.
    """
    found: dict[str, tuple[str | None, ...]] = {name: (ticket.fields.get(name),) for name in FIELDS}
    for intent in past.earlier:
        if intent.target not in found:
            continue
        match intent.outcome:
            case "applied":
                found[intent.target] = (intent.wanted,)
            case None:
                found[intent.target] = (*found[intent.target], intent.wanted)
            case _:
                found[intent.target] = (intent.before,)
    for intent in past.own:
        if intent.target in found:
            found[intent.target] = (intent.before,)
    return found


def pre_image(held: str | None, may_hold: tuple[str | None, ...]) -> str | None:
    """What ours takes the place of, or would have."""
    return held if held in may_hold else may_hold[0]
