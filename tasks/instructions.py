"""Whether a ticket's text talks to a machine rather than to people.

It decides nothing about what is written: that the values of an answer mean something is looked at
whatever the text says. But where they do not, this tells a model that was talked into them from one
that is broken: the ticket is for a person then, and no dead letter.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from config.policy import Sign
from tasks.ticket import Ticket

LONGEST = 20_000
"""Characters of a text that are looked at: whoever writes more is looked at by its ends."""


def talks_to_a_machine(ticket: Ticket, signs: Sequence[Sign]) -> str | None:
    """The first sign of it, in words for people; None where there is none.

    All of the ticket is looked at, what was quoted or forwarded, and an agent's turns as well.
    """
    texts = [_plain(text) for text in _texts(ticket)]
    return next((sign.says for sign in signs if any(sign.is_in(text) for text in texts)), None)


def is_named_in(value: str, ticket: Ticket) -> bool:
    """Whether an answer's value stands in the ticket's text, where a model may have it from."""
    wanted = _folded(value)
    return len(wanted) >= LEAST and any(wanted in _folded(text) for text in _texts(ticket))


LEAST = 3
"""Letters; fewer stand in any text."""


def _texts(ticket: Ticket) -> Iterable[str]:
    yield from (ticket.subject, ticket.body, ticket.quoted)
    for turn in ticket.thread:
        yield from (turn.body, turn.quoted)


def _plain(text: str) -> str:
    """In one spelling: what only looks like another letter, or is not seen, folds away."""
    ends = text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    folded = unicodedata.normalize("NFKC", ends)
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")


def _folded(text: str) -> str:
    return "".join(letter for letter in _plain(text).casefold() if letter.isalnum())
