"""A limit of requests a minute, as providers have it for each key: over any 60 s, rolling."""

from collections import deque
from math import ceil

MINUTE = 60.0


class Limit:
    """Counts what it let through. Not for several threads."""

    def __init__(self) -> None:
        self._let_through: dict[str, deque[float]] = {}

    def wait(self, key: str, per_minute: int, now: float) -> int | None:
        """None: it is let through. Else whole seconds, rounded up, until the next one would be."""
        times = self._let_through.setdefault(key, deque())
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) < per_minute:
            times.append(now)
            return None
        return max(1, ceil(times[-per_minute] + MINUTE - now))
