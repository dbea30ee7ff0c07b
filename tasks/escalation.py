"""Whether an escalation is proven: by the issue type's criterion, in the customer's own words."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import NamedTuple

from config.taxonomy import IssueType, Taxonomy
from tasks.decision import Escalation
from tasks.ticket import Ticket
from tasks.verdict import Evidence

WORD = re.compile(r"\w+(?:'\w+)*")
SPELLINGS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")  # no width
)
GAP = re.compile(r"(?<=[.!?])\s")
BLANK_LINE = re.compile(r"\n\s*\n")
LONGEST_QUOTE = 1_000
"""Characters; a longer quote points at nothing, and costs time to look for."""

SENTENCE = 200
"""Characters before and after a quote in which its sentence is looked for."""

REPETITIONS = 32
"""Places in one turn that are looked at when it says the same again and again."""


class Unproven(str):
    """Why a piece of evidence proves nothing; holds nothing of the ticket."""

    __slots__ = ()


def prove(
    evidence: Evidence, ticket: Ticket, issue: IssueType, taxonomy: Taxonomy, *, least_words: int
) -> Escalation | Unproven:
    """The escalation that this evidence proves, or why it proves none."""
    criterion = taxonomy.criterion(evidence.criterion)
    if criterion is None:
        return Unproven("it names a criterion that does not exist")
    if criterion.id not in issue.criteria:
        return Unproven(f"{criterion.id} is no criterion of {issue.name}")
    if len(evidence.quote) > LONGEST_QUOTE:
        return Unproven(f"the quote has more than {LONGEST_QUOTE} characters")
    quote = _plain(evidence.quote)
    if len(WORD.findall(quote)) < least_words:
        return Unproven(f"the quote has fewer than {least_words} words")
    sentences = {
        sentence
        for turn in ticket.said()
        for sentence in islice(_sentences(_flat(turn), quote), REPETITIONS)
    }
    if not sentences:
        return Unproven("the quote is not in the customer's own words")
    if not any(criterion.holds(quote, sentence) for sentence in sentences):
        return Unproven(f"the quote does not show {criterion.id}")
    return Escalation(criterion=criterion.id, quote=" ".join(evidence.quote.split()))


class _Flat(NamedTuple):
    """A turn on one line, and where its paragraphs begin; the last of them would come next."""

    text: str
    paragraphs: tuple[int, ...]


def _flat(turn: str) -> _Flat:
    """A blank line is a gap: not every sentence ends with a full stop, nor every wrapped line."""
    plain = [_plain(paragraph) for paragraph in BLANK_LINE.split(turn)]
    begins = accumulate((len(paragraph) + 1 for paragraph in plain), initial=0)
    return _Flat(" ".join(plain), tuple(begins))


def _sentences(turn: _Flat, quote: str) -> Iterator[str]:
    """What surrounds the quote wherever the turn holds it as whole words."""
    text = turn.text
    start = text.find(quote)
    while start >= 0:
        end = start + len(quote)
        if not (_within_word(text, start) or _within_word(text, end)):
            low, high = max(0, start - SENTENCE), end + SENTENCE
            low = max(low, turn.paragraphs[bisect_right(turn.paragraphs, start) - 1])
            high = min(high, turn.paragraphs[bisect_right(turn.paragraphs, end)])
            first = max((gap.end() for gap in GAP.finditer(text, low, start)), default=low)
            last = min((gap.start() for gap in GAP.finditer(text, end, high)), default=high)
            yield text[first:last]
        start = text.find(quote, start + 1)


def _within_word(text: str, place: int) -> bool:
    return re.fullmatch(r"\w\w", text[max(0, place - 1) : place + 1]) is not None


def _plain(text: str) -> str:
    """One spelling for white space, quotation marks, dashes and case; no word is changed."""
    folded = unicodedata.normalize("NFKC", text).translate(SPELLINGS).casefold()
    return " ".join(folded.split())
