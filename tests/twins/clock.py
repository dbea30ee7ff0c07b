"""A clock that stands still until somebody moves it."""

from dataclasses import dataclass

NOON = 1_767_268_800.0
"""1 January 2026, 12:00 UTC, in epoch seconds."""


@dataclass(kw_only=True, slots=True)
class StillClock:
    """Tells the time that it was set to."""

    at: float = NOON
    skew: float = 0.0
    """Seconds by which somebody has set the clock forward; no monotonic clock notices."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return self.at + self.skew

    def monotonic(self) -> float:
        """Seconds that never go back, as long as nobody sets the clock back."""
        return self.at
