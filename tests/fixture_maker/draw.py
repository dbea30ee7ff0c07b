"""Chance that is the same everywhere: drawn from a hash of the seed and of what it is for."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws that depend on the seed and on their occasion alone, never on their order."""

    seed: int

    def below(self, limit: int, *occasion: object) -> int:
        """A number from 0 to limit - 1."""
        words = "\x1f".join(map(str, (self.seed, *occasion)))
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") % limit

    def one_of(self, things: Sequence[Thing], *occasion: object) -> Thing:
        """One of the things."""
        return things[self.below(len(things), *occasion)]

    def happens(self, percent: int, *occasion: object) -> bool:
        """True so many times in a hundred."""
        return self.below(100, *occasion) < percent

    def shuffled(self, things: Iterable[Thing], *occasion: object) -> list[Thing]:
        """All of the things, in another order."""
        numbered = enumerate(things)
        mixed = sorted(numbered, key=lambda pair: self.below(2**63, *occasion, pair[0]))
        return [thing for _, thing in mixed]
