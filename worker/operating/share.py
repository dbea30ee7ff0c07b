"""A share of a sample, and what it says about the whole."""

from dataclasses import dataclass
from math import sqrt

NORMAL_95 = 1.959964
"""Two-sided 95 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 where there is nothing to count."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval (Wilson 1927); from 0 to 1 where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        share, square = self.value, NORMAL_95**2
        centre = share + square / (2 * self.of)
        spread = NORMAL_95 * sqrt(share * (1 - share) / self.of + square / (4 * self.of**2))
        whole = 1 + square / self.of
        return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:7.2%}  (95 %: {low:.2%} to {high:.2%})  {self.hits} of {self.of}"
