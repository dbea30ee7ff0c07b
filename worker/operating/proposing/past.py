"""What people have decided about tickets, as far as there is something to learn from it."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from worker.models.baseline.grams import MOST_CHARACTERS

FIRST = 5
"""So many of what was left out are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One ticket that people have done with. `issue_type` is what people call it."""

    text: str
    issue_type: str
    queue: str | None = None
    priority: int | None = None  # 1 to 4, where a person chose it
    requester: str | None = None  # whoever wrote it; None where that is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """Tickets from which nothing is learnt, and the first of them by line or number."""

    why: str
    count: int
    first: tuple[str, ...]


class Omissions:
    """Counts what is left out, by reason."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, why: str, which: str) -> None:
        """One more, which a person finds as `which`."""
        self._counts[why] += 1
        if len(self._first[why]) < FIRST:
            self._first[why].append(which)

    def listed(self) -> tuple[Omission, ...]:
        """All of them, most first."""
        return tuple(
            Omission(why=why, count=count, first=tuple(self._first[why]))
            for why, count in self._counts.most_common()
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Pile:
    """The past tickets of one source, each text once.

    `queues`: those that tickets may be moved to; None where nobody can tell.
    """

    tickets: tuple[Past, ...]
    left_out: tuple[Omission, ...] = ()
    conflicting: int = 0  # texts that people gave several issue types
    queues: frozenset[str] | None = None

    @property
    def issue_types(self) -> Mapping[str, tuple[Past, ...]]:
        """The tickets by what people call them, most first."""
        found: defaultdict[str, list[Past]] = defaultdict(list)
        for one in self.tickets:
            found[one.issue_type].append(one)
        return {
            name: tuple(tickets)
            for name, tickets in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        }


@dataclass(kw_only=True, slots=True)
class _Same:
    """Tickets with one text."""

    first: Past
    issue_types: Counter[str] = field(default_factory=Counter)


def piled(
    found: Iterable[tuple[str, Past]],
    omissions: Omissions,
    *,
    queues: frozenset[str] | None = None,
) -> Pile:
    """The pile of what was found; each comes with the line or number that a person finds it by.

    Names that differ in case or spaces alone are one. A text that several tickets have is kept
    once, with the issue type that most of them bear, of equals the first. Of a text only so much
    is kept as the local model reads.
    """
    spelt: defaultdict[str, Counter[str]] = defaultdict(Counter)
    same: dict[str, _Same] = {}
    for which, one in found:
        text, name = one.text[:MOST_CHARACTERS], one_line(one.issue_type)
        spelt[_folded(name)][name] += 1
        known = same.setdefault(_folded(text), _Same(first=replace(one, text=text)))
        if known.issue_types:
            omissions.add("the same text once more", which)
        known.issue_types[_folded(name)] += 1
    spelling = {key: names.most_common(1)[0][0] for key, names in spelt.items()}
    return Pile(
        tickets=tuple(
            replace(each.first, issue_type=spelling[each.issue_types.most_common(1)[0][0]])
            for each in same.values()
        ),
        left_out=omissions.listed(),
        conflicting=sum(len(each.issue_types) > 1 for each in same.values()),
        queues=queues,
    )


def one_line(text: str) -> str:
    """The text as it can be shown: without control characters, single spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def as_priority(text: str | None) -> int | None:
    """1 to 4; None for whatever else it says."""
    return int(text) if text in {"1", "2", "3", "4"} else None


def _folded(text: str) -> str:
    return one_line(unicodedata.normalize("NFKC", text)).casefold()
