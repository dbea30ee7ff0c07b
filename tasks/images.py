"""What each field may hold without any person having chosen it."""

from collections.abc import Iterable, Iterator

from tasks.delivery import is_back
from tasks.desk import Past
from tasks.ports.helpdesk import FIELDS
from tasks.ports.ledger import Intent
from tasks.ticket import Ticket


def images(ticket: Ticket, past: Past) -> dict[str, tuple[str | None, ...]]:
    """By field, the likeliest first.

    That is what was read, or what was written over it before. Where nobody knows whether it was,
    either. Where a person's value was found and kept, what was looked for is still what would have
    to be there: the person's value stays a person's, although we have read it by now.
    """
    found: dict[str, tuple[str | None, ...]] = {name: (ticket.fields.get(name),) for name in FIELDS}
    for intent in _fields(past.earlier):
        found[intent.target] = _after(intent, found[intent.target])
    written: dict[str, int] = {}
    for intent in _fields(past.own):
        found[intent.target] = (intent.before,)
        written[intent.target] = intent.seq or 0
    for intent in _fields(past.handed):
        if (intent.seq or 0) > written.get(intent.target, 0):
            found[intent.target] = _after(intent, found[intent.target])
    return found


def _fields(intents: Iterable[Intent]) -> Iterator[Intent]:
    return (one for one in intents if one.target in FIELDS and not is_back(one))


def _after(intent: Intent, may_hold: tuple[str | None, ...]) -> tuple[str | None, ...]:
    match intent.outcome:
        case "applied":
            return (intent.wanted,)
        case None:
            return (*may_hold, intent.wanted)
        case _:
            return (intent.before,)


def pre_image(held: str | None, may_hold: tuple[str | None, ...]) -> str | None:
    """What ours takes the place of, or would have."""
    return held if held in may_hold else may_hold[0]
