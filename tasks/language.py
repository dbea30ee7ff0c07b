"""Which language a customer writes in: as the source says, else by its letters and small words.

Of a short text, of a list of errors and of what looks like two languages, nobody can say: None.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache

from tasks.conversation import conversation
from tasks.ticket import Ticket
from tasks.tongues import LETTERS, NAMES, OWN, SCRIPTS, WORDS

LEAST_LETTERS = 20
LEAST_BY_SCRIPT = 6
"""Letters of a script that is the language: a sentence in Chinese has no more."""

READ = 2_000
"""Characters that are looked at."""

MOST_LINES = 50

LEAST_WORDS = 3
LEAST_SHARE = 0.2
"""Different small words, and the share of all words that they are; most texts have twice that."""

LEAD = 1.5
"""Times as much as the next language has."""

CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]+)*", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
NOT_SAID = re.compile(r"https?://\S+|\S+@\S+|\S*[\\/_<>{}=]\S*")
"""Addresses, paths and code."""


def language_of(ticket: Ticket) -> str | None:
    """ISO 639-1 of the customer's last message; what the source declares counts."""
    declared = CODE.fullmatch((ticket.language or "").strip())
    if declared:
        return declared[1].lower()
    newest = conversation(ticket).newest.body
    return detected(f"{newest}\n{ticket.subject}") or detected("\n".join(ticket.said()))


def spoken(ticket: Ticket) -> frozenset[str]:
    """Those that lines of the last message are in: a question may stand above a quotation."""
    lines = conversation(ticket).newest.body.split("\n")
    return frozenset(found for line in lines[:MOST_LINES] if (found := detected(line)))


def name_of(language: str | None) -> str:
    """As people call it."""
    return NAMES.get(language or "", language or "a language that nobody can tell")


def detected(text: str) -> str | None:
    """ISO 639-1 of the text; None where it is not sure."""
    said = unicodedata.normalize("NFC", NOT_SAID.sub(" ", text[:READ])).casefold()
    letters = [character for character in said if character.isalpha()]
    foreign = () if said.isascii() else letters
    scripts = Counter(script for letter in foreign if (script := _script(letter)))
    ours = sum(scripts.values())
    if ours * 2 > len(letters):
        return _by_letters(scripts, letters) if ours >= LEAST_BY_SCRIPT else None
    return _by_words(WORD.findall(said)) if len(letters) >= LEAST_LETTERS else None


def _by_letters(scripts: Counter[str], letters: list[str]) -> str | None:
    (script, _), *_ = scripts.most_common(1)
    if script in ("kana", "han"):
        return "ja" if scripts["kana"] * 5 > scripts["han"] else "zh"
    if script not in LETTERS:
        return script
    counts = {name: sum(map(letters.count, own)) for name, own in LETTERS[script]}
    best = max(counts, key=counts.__getitem__)
    if counts[best]:
        return best
    return "ru" if script == "cyrillic" and len(letters) >= LEAST_LETTERS else None


def _by_words(words: list[str]) -> str | None:
    """The language that explains most of them: a word of three languages says a third of each."""
    known = _weights()
    hits: Counter[str] = Counter()
    distinct: dict[str, set[str]] = {}
    sums: Counter[str] = Counter()
    for word in words:
        found = known.get(word.replace("\u2019", "'")) or _of_letters(word)
        for name, weight in found.items():
            hits[name] += 1
            distinct.setdefault(name, set()).add(word)
            sums[name] += weight  # type: ignore[assignment] # a Counter counts in floats as well
    if not sums:
        return None
    (best, most), *others = sums.most_common(2)
    second = others[0][1] if others else 0
    is_sure = len(distinct[best]) >= LEAST_WORDS and hits[best] >= LEAST_SHARE * len(words)
    return best if is_sure and most >= LEAD * second else None


def _of_letters(word: str) -> Mapping[str, float]:
    """What a word says that is none of the small ones."""
    if word.isascii():
        return {}
    return {OWN[letter]: 1.0 for letter in word if letter in OWN}


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    """Word -> languages that it speaks for -> how much it says."""
    spoken: dict[str, list[str]] = {}
    for name, words in WORDS.items():
        for word in dict.fromkeys(words.split()):
            spoken.setdefault(word, []).append(name)
    return {word: dict.fromkeys(names, 1 / len(names)) for word, names in spoken.items()}


@cache
def _script(letter: str) -> str | None:
    code = ord(letter)
    for name, ranges in SCRIPTS.items():
        if any(first <= code <= last for first, last in ranges):
            return name
    return None
