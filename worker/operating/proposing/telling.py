"""The words that tell one issue type's tickets from the others', for whoever describes it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

from worker.operating.proposing.past import Past

MOST_WORDS = 8
LETTERS = range(3, 25)

TICKETS = 5
"""Of the issue type, that a word stands in: fewer may be chance."""

CUSTOMERS = 3
"""Who have written it: what only one or two write may be their name."""

ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
WORD = re.compile(r"\w+")


def telling_words(issue_types: Mapping[str, Sequence[Past]]) -> Mapping[str, tuple[str, ...]]:
    """For each issue type its most telling words, most telling first; there may be none.

    By how much more often a word stands in its tickets than in all, in standard deviations of
    that (the signed root of a chi-square term). No numbers and no addresses.
    """
    everywhere: Counter[str] = Counter()
    inside: dict[str, Counter[str]] = {}
    for name, tickets in issue_types.items():
        inside[name] = Counter(word for one in tickets for word in _words(one.text))
        everywhere.update(inside[name])
    total = sum(map(len, issue_types.values()))
    return {
        name: _most_telling(inside[name], everywhere, tickets, len(tickets) / total)
        for name, tickets in issue_types.items()
    }


def _most_telling(
    inside: Counter[str], everywhere: Counter[str], tickets: Sequence[Past], share: float
) -> tuple[str, ...]:
    shared = _shared(tickets)
    surplus = {
        word: (count - everywhere[word] * share) / sqrt(everywhere[word] * share)
        for word, count in inside.items()
        if count >= TICKETS and word in shared
    }
    chosen = sorted(surplus, key=lambda word: (-surplus[word], word))[:MOST_WORDS]
    return tuple(word for word in chosen if surplus[word] > 1)


def _shared(tickets: Sequence[Past]) -> set[str]:
    """Words of several customers; whose customer nobody knows counts as one of its own."""
    who: defaultdict[str, set[str | int]] = defaultdict(set)
    for number, one in enumerate(tickets):
        for word in _words(one.text):
            if len(who[word]) < CUSTOMERS:
                who[word].add(one.requester or number)
    return {word for word, customers in who.items() if len(customers) >= CUSTOMERS}


def _words(text: str) -> set[str]:
    return set(_spelled(ADDRESS.sub(" ", text).lower()))


def _spelled(text: str) -> Iterator[str]:
    for word in WORD.findall(text):
        if word.isalpha() and len(word) in LETTERS:
            yield word
