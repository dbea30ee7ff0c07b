"""Who comes back from an outage is not trampled: a growing share of the calls is let through."""

from collections.abc import Callable

from tasks.ports.clock import Clock

TRICKLE = 0.1
"""The share that it begins with."""


class Ramp:
    """From a trickle to everything, in so many seconds from when it closed."""

    def __init__(self, seconds: float, clock: Clock, chance: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._chance = chance
        self._closed_at: float | None = None

    def begin(self, ago: float | None) -> None:
        """It closed so many seconds ago; None: it was never open."""
        self._closed_at = None if ago is None else self._clock.monotonic() - ago

    @property
    def ago(self) -> float | None:
        """When it closed, in seconds before now."""
        return None if self._closed_at is None else self._clock.monotonic() - self._closed_at

    @property
    def left(self) -> float:
        """Seconds until everything is let through."""
        return 0.0 if self._closed_at is None else max(0.0, self._seconds - (self.ago or 0.0))

    def lets(self, left: float) -> bool:
        """Whether this call is one of those that are let through, so long before its end."""
        return self._chance() < share_let(left, self._seconds)


def share_let(left: float, ramp: float) -> float:
    """The share of calls that are let through, `left` seconds before the ramp's end."""
    return max(TRICKLE, 1.0 - left / ramp) if left > 0 else 1.0
