"""What each ticket of a seed is like, what is done to it, and where it has to end.

Everything here is a function of the seed and the ticket's number, so that the provider, the
helpdesk and the judge know it without telling each other.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tasks.causes import Cause, DropCause, ReviewReason
from tasks.run import State

CANARY = "kestrelcanary"
"""In every customer's text, and so never in a log, a message or an error report."""

SECRET = "sk-kestrelsecret0123456789"
"""The provider's key: no more there than the texts."""

MARK = re.compile(rb"\(ticket (C-\d{6})\)")
"""In each text, so that the provider knows whom it is asked about."""

STOLEN = "Somebody stole my card on the train this morning. What will you do about it?"
QUOTE = "stole my card on the train"
PRIORITY = {"basic": 2, "plus": 2, "business": 1}  # of `security`, as the policy has it
CUSTOMERS = ("basic", "basic", "basic", "plus", "business")


class Family(StrEnum):
    """What a ticket has of its own."""

    PLAIN = "plain"
    TRANSIENT = "transient"  # the provider fails once or twice before it answers
    MALFORMED_ANSWER = "malformed_answer"  # one answer without the right shape
    REFUSED = "refused"
    OFF_LIST = "off_list"
    REJECTED = "rejected"
    GARBAGE = "garbage"  # no answer ever has the right shape
    DEAF = "deaf"  # the helpdesk says yes to everything and never does it
    CLOSED = "closed"  # a person closes it at some time
    POISON = "poison"  # ends its process
    MALFORMED = "malformed"  # is no ticket


SHARES = (
    (Family.TRANSIENT, 0.09),
    (Family.MALFORMED_ANSWER, 0.06),
    (Family.REFUSED, 0.005),
    (Family.OFF_LIST, 0.005),
    (Family.REJECTED, 0.005),
    (Family.GARBAGE, 0.005),
    (Family.DEAF, 0.002),
    (Family.CLOSED, 0.01),
    (Family.MALFORMED, 0.01),
)
"""Of all tickets; the rest are plain, but for the poisonous ones."""

POISON_EVERY = 2_500

FAILURES = ("error_500", "error_503", "error_529", "reset", "hang", "slow_drip", "cut")
"""No 429 among them: that is said to a key, and not of a ticket."""

GARBLED = ("empty", "words", "truncated", "wrong_shape", "huge", "no_choices", "page")
HARMLESS = ("usage_missing", "slow_2")

End = tuple[State, str | None]
ENDS: dict[Family, frozenset[End]] = {
    Family.REFUSED: frozenset({(State.IN_REVIEW, ReviewReason.REFUSED)}),
    Family.OFF_LIST: frozenset({(State.DEAD, Cause.OFF_LIST)}),
    Family.REJECTED: frozenset({(State.DEAD, Cause.REJECTED)}),
    Family.GARBAGE: frozenset({(State.IN_REVIEW, ReviewReason.UNFINISHED)}),
    Family.DEAF: frozenset({(State.DEAD, Cause.HELPDESK_REFUSED)}),
    Family.CLOSED: frozenset({(State.WRITTEN, None), (State.DROPPED, DropCause.GONE)}),
    Family.POISON: frozenset({(State.DEAD, Cause.POISON)}),
}
WRITTEN: frozenset[End] = frozenset({(State.WRITTEN, None)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """One ticket."""

    id: str
    family: Family
    customer: str
    escalates: bool
    plays: tuple[str, ...]  # the provider's first answers; then it answers as it should
    writes_again: bool  # the customer does, a little later
    edited: bool  # a person sets a field, at some time

    @property
    def ends(self) -> frozenset[End]:
        """Where its newest revision may come to rest: state and reason."""
        return ENDS.get(self.family, WRITTEN)

    def line(self, *more: str) -> bytes:
        """The ticket as its inbox has it; `more` is what the customer said since."""
        if self.family is Family.MALFORMED:
            return _no_ticket(self.id)
        told = STOLEN if self.escalates else "Which exchange rate do I get abroad?"
        document = {
            "id": self.id,
            "subject": "A question",
            "body": f"{told} {CANARY} (ticket {self.id})",
            "channel": "email",
            "requester": {"email": f"{self.customer}@example.com", "name": "Ada"},
            "created_at": "2026-11-17T10:00:00Z",
            "thread": [{"author": "customer", "body": text} for text in more],
        }
        return json.dumps(document).encode()

    def verdict(self) -> str:
        """The answer that a model should give."""
        if self.escalates:
            issue_type, priority = "security", PRIORITY[self.customer]
        else:
            issue_type, priority = "exchange", 4 if self.customer == "basic" else 3
        evidence = [{"criterion": "theft", "quote": QUOTE}] if self.escalates else []
        return json.dumps(
            {
                "issue_type": "lottery" if self.family is Family.OFF_LIST else issue_type,
                "priority": priority,
                "escalate": self.escalates,
                "evidence": evidence,
                "reason": "as it says",
                "draft": "Thank you for writing." if self.escalates else None,
            }
        )


def script(seed: int, number: int) -> Script:
    """The ticket of that number."""
    chance = Random(f"{seed}:{number}")
    family = _family(chance, number)
    return Script(
        id=name(number),
        family=family,
        customer=chance.choice(CUSTOMERS),
        escalates=chance.random() < 0.5 or family is Family.POISON,
        plays=_plays(family, chance),
        writes_again=family is not Family.MALFORMED and chance.random() < 0.03,
        edited=family is not Family.MALFORMED and chance.random() < 0.03,
    )


def name(number: int) -> str:
    """The ticket's id."""
    return f"C-{number:06}"


def number_of(ticket: str) -> int:
    """The other way round."""
    return int(ticket.removeprefix("C-"))


def _family(chance: Random, number: int) -> Family:
    if number % POISON_EVERY == POISON_EVERY // 2:
        return Family.POISON
    drawn = chance.random()
    for family, share in SHARES:
        drawn -= share
        if drawn < 0:
            return family
    return Family.PLAIN


def _plays(family: Family, chance: Random) -> tuple[str, ...]:
    match family:
        case Family.TRANSIENT:
            return tuple(chance.choices(FAILURES, k=chance.choice((1, 2))))
        case Family.MALFORMED_ANSWER:
            return (chance.choice(GARBLED),)
        case Family.PLAIN if chance.random() < 0.02:
            return (chance.choice(HARMLESS),)
        case _:
            return ()


def _no_ticket(ticket: str) -> bytes:
    """A line that is wrong in one of several ways, and unlike every other."""
    whole = {
        "id": ticket,
        "body": f"Help me {CANARY}",
        "channel": "email",
        "requester": {"email": "basic@example.com", "name": "Ada"},
        "created_at": "2026-11-17T10:00:00Z",
    }
    wrong: tuple[dict[str, object], ...] = (
        {"body": "nothing\x00"},
        {"body": "half \ud83d"},
        {"body": " \n"},
        {"body": "x" * 1_000_000},
        {"requester": None},
        {"created_at": "9999-12-31T23:30:00-05:00"},
        {"created_at": "0001-01-01T00:30:00+05:00"},
    )
    kind = number_of(ticket) % (len(wrong) + 1)
    if kind == len(wrong):
        return json.dumps(whole).encode()[:-20]
    return json.dumps(whole | wrong[kind]).encode()
