"""Card numbers: how networks begin and how long they are, and the check digit by Luhn."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from tasks.redaction.find import Find, Kind

BETWEEN = r"[\s.\-_/>]{0,3}"
"""What people and mail programs put between digits, the mark of a quoted line among it."""

RUN = re.compile(rf"[0-9](?:{BETWEEN}[0-9]){{11,}}")

USUAL = (14, 15, 16)
"""Digits of a card as people write it in groups of any size."""

FOUR = 4
CHECK = 10

MANY = frozenset(range(16, 20))
NETWORKS = (
    (4000, 4999, frozenset({13, 16, 19})),  # Visa
    (5100, 5599, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (3400, 3499, frozenset({15})),  # American Express
    (3700, 3799, frozenset({15})),
    (3000, 3059, frozenset({14, 16})),  # Diners Club
    (3090, 3099, frozenset({14, 16})),
    (3600, 3699, frozenset({14, 16})),
    (3800, 3999, frozenset({14, 16})),
    (3528, 3589, MANY),  # JCB
    (2200, 2204, MANY),  # Mir
    (5000, 5099, MANY | {12, 13, 14, 15}),  # Maestro, Verve, Elo
    (5600, 5899, MANY | {12, 13, 14, 15}),  # Maestro
    (6000, 6999, MANY | {12, 13, 14, 15}),  # Maestro, Discover, UnionPay, RuPay
    (8100, 8199, MANY),  # UnionPay
    (9792, 9792, frozenset({16})),  # Troy
)
"""By the first four digits: which numbers of digits there are. From the networks' own pages."""

DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def cards(text: str) -> Iterator[Find]:
    """Every card number; of those that begin with the same digit the longest."""
    for run in RUN.finditer(text):
        yield from _Run.read(run[0], run.start()).cards()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """Digits that may belong together: how they stand in groups, and where."""

    text: str
    offset: int  # of the run in the whole text
    groups: list[tuple[int, int]]
    digits: str  # of all groups
    begins: list[int]  # of each group among the digits
    ends: dict[int, int]  # which group ends there among the digits

    @classmethod
    def read(cls, text: str, offset: int) -> "_Run":
        groups = [found.span() for found in re.finditer("[0-9]+", text)]
        begins = [*accumulate((end - start for start, end in groups), initial=0)]
        return cls(
            text=text,
            offset=offset,
            groups=groups,
            digits="".join(text[start:end] for start, end in groups),
            begins=begins,
            ends={begin: group - 1 for group, begin in enumerate(begins)},
        )

    def cards(self) -> Iterator[Find]:
        """Those that overlap too: a reference before a card may make one with its first digits."""
        for first, (start, _) in enumerate(self.groups):
            last = self._last_of_card(first)
            if last is not None:
                yield Find(self.offset + start, self.offset + self.groups[last][1], Kind.CARD)

    def _last_of_card(self, first: int) -> int | None:
        """The last group of the longest card that begins with this one."""
        begin = self.begins[first]
        for size in _sizes(self.digits[begin : begin + FOUR]):
            last = self.ends.get(begin + size, -1)
            if last >= first and self._is_card(first, last, self.digits[begin : begin + size]):
                return last
        return None

    def _is_card(self, first: int, last: int, digits: str) -> bool:
        if first == last:
            return luhn(digits) and not self._is_fraction(first)
        widths = {end - start for start, end in self.groups[first:last]}
        in_fours = widths == {FOUR} and self.begins[last + 1] - self.begins[last] <= FOUR
        return (in_fours or len(digits) in USUAL) and luhn(digits) and self._are_alike(first, last)

    def _is_fraction(self, group: int) -> bool:
        """What stands behind a point is a measurement."""
        if group == 0:
            return False
        return self.text[self.groups[group - 1][1] : self.groups[group][0]] == "."

    def _are_alike(self, first: int, last: int) -> bool:
        """Whether one sign, beside white space, stands between all of them: a table has many."""
        signs = set[str]()
        for group in range(first, last):
            signs |= {*self.text[self.groups[group][1] : self.groups[group + 1][0]]}
        return len({sign for sign in signs if not sign.isspace() and sign != ">"}) <= 1


@cache
def _sizes(begin: str) -> tuple[int, ...]:
    """How many digits a card may have that begins with these four, the longest first."""
    found = (sizes for low, high, sizes in NETWORKS if low <= int(begin) <= high)
    return tuple(sorted(next(found, ()), reverse=True))


def luhn(digits: str) -> bool:
    """Whether the last digit checks all others (ISO/IEC 7812-1, annex B)."""
    numbers = [*map(int, reversed(digits))]
    return (sum(numbers[::2]) + sum(DOUBLED[n] for n in numbers[1::2])) % CHECK == 0
