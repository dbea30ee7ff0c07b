"""Finds words of the customer that prove a criterion, and quotes them to the letter."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Protocol

from tasks.escalation import GAP, SENTENCE, SPELLINGS, WORD

LONGEST = 40
"""Words of a quote. A sentence that goes on and on is quoted by parts that overlap by half."""

MOST_QUOTES = 200
"""Quotes of one text that are tried: a letter of six pages."""

TOKEN = re.compile(r"\S+")


class Criterion(Protocol):
    """When a person is called at once, as the taxonomy defines it."""

    @property
    def id(self) -> str: ...

    def holds(self, quote: str, sentence: str | None = None) -> bool: ...


def proof(text: str, criterion: Criterion, *, least_words: int) -> str | None:
    """The first quote in `text`, of `least_words` or more, for which the criterion holds.

    It must hold in every sentence that `tasks.escalation` may see around the quote. A quote never
    leaves its line: subject and body are different turns, and where one ends the text does not say.
    """
    lines = text.splitlines()
    every = (
        (place, quote) for place, line in enumerate(lines) for quote in quotes(line, least_words)
    )
    for place, quote in islice(every, MOST_QUOTES):
        shown = _plain(quote)
        if criterion.holds(shown) and all(
            criterion.holds(shown, sentence) for sentence in _sentences(shown, lines, place)
        ):
            return quote
    return None


def quotes(line: str, least_words: int) -> Iterator[str]:
    """Pieces of one line, none with fewer than `least_words` words and all as they stand in it.

    A sentence each; a short one goes together with the next, a long one comes in parts.
    """
    ends = [*(gap.start() for gap in GAP.finditer(line)), len(line)]
    start = last = words = 0
    for before, end in pairwise((0, *ends)):
        words += len(WORD.findall(line[before:end]))
        if words >= least_words:
            yield from _parts(line[start:end].strip(), least_words)
            start, last, words = end, start, 0
    if words and start:  # a short end goes together with what was quoted last
        yield from _parts(line[last:].strip(), least_words)


def _parts(sentence: str, least_words: int) -> Iterator[str]:
    tokens = list(TOKEN.finditer(sentence))
    if len(tokens) <= LONGEST:
        yield sentence
        return
    for first in range(0, len(tokens) - LONGEST // 2, LONGEST // 2):
        part = tokens[first : first + LONGEST]
        quote = sentence[part[0].start() : part[-1].end()]
        if len(WORD.findall(quote)) >= least_words:
            yield quote


def _sentences(shown: str, lines: Sequence[str], place: int) -> Iterator[str]:
    """The sentences that the quote stands in, its turn beginning at this line or an earlier."""
    line, after = _plain(lines[place]), _plain(" ".join(lines[place + 1 :]))[:SENTENCE]
    for first in range(place, -1, -1):
        before = _plain(" ".join(lines[first:place]))
        yield _sentence(shown, f"{before} {line} {after}".strip(), len(before))
        if len(before) > SENTENCE:
            return


def _sentence(shown: str, near: str, begin: int) -> str:
    start = max(near.find(shown, begin), 0)
    first = max((gap.end() for gap in GAP.finditer(near, 0, start)), default=0)
    ends = (gap.start() for gap in GAP.finditer(near, start + len(shown)))
    return near[first : next(ends, len(near))]


def _plain(text: str) -> str:
    """One spelling, as `tasks.escalation` and the criteria's patterns expect it."""
    folded = unicodedata.normalize("NFKC", text).translate(SPELLINGS).casefold()
    return " ".join(folded.split())
