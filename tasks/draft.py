"""Whether a suggested reply may be shown to people as one that they could send."""

import re
import unicodedata

from config.policy import Policy
from tasks.redaction.placeholders import stray
from tasks.ticket import Ticket

INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
MIXED = re.compile(r"[a-z][\u0370-\u04ff]|[\u0370-\u04ff][a-z]")
"""A word of two alphabets is meant to look like another."""

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
NUMBER = re.compile(r"\b(?:[a-z]{2})?\d(?:[ -]?[\da-z]){7,33}\b")
"""Of an account, a card, a telephone: eight digits or more, perhaps behind a country."""

LEAST_DIGITS = 8


def objection(draft: str, ticket: Ticket, policy: Policy) -> str | None:
    """The rule that a draft breaks, free of its words; None: it may be shown."""
    if len(draft) > policy.draft_characters:
        return f"it has more than {policy.draft_characters} characters"
    if not all(letter.isprintable() or letter in "\n\t\r" for letter in draft):
        return "it holds characters that nobody writes"
    words = _plain(draft)
    if MIXED.search(words):
        return "it mixes two alphabets in one word"
    for pattern in policy.forbidden_promises:
        if re.search(pattern, words, re.IGNORECASE):
            return f"promises what the policy forbids: {pattern}"
    return _made_up(draft, ticket)


def _made_up(draft: str, ticket: Ticket) -> str | None:
    """What the draft names without having it from the customer."""
    said = " ".join((*ticket.said(), ticket.requester.email))
    words, known = _plain(draft), _plain(said)
    if stray(draft) - stray(said):
        return "it names a placeholder that stands for nothing"
    if set(ADDRESS.findall(words)) - set(ADDRESS.findall(known)):
        return "it names an address that the customer did not"
    if _numbers(words) - _numbers(known):
        return "it names a number that the customer did not"
    return None


def _numbers(text: str) -> set[str]:
    found = (re.sub(r"[ -]", "", number) for number in NUMBER.findall(text))
    return {number for number in found if sum(map(str.isdecimal, number)) >= LEAST_DIGITS}


def _plain(text: str) -> str:
    """One spelling for all that looks the same: case, width, white space, what is not seen."""
    folded = unicodedata.normalize("NFKC", text).translate(INVISIBLE).casefold()
    return " ".join(folded.split())
