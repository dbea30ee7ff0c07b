"""A limit that a process keeps by itself, while Redis is away: its share of the fleet's, paced."""

from worker.guards.terms import FAR, Weight

GUESS = 4
"""Processes of the fleet, as long as nobody has counted them."""

CAUTION = 1.1
"""Each process lets its first one through at once, and the guess may be one too low."""


class Alone:
    """What one process lets through to one upstream.

    In any window at most its share and one more. Times are a monotonic clock's.
    """

    def __init__(self, *, window: float, in_place: float) -> None:
        """`window` and what may be waited for in place are seconds."""
        self._window = window
        self._in_place = in_place
        self._free = 0.0  # when there is room for the next one
        self._told = 0.0  # when the last who was told may come

    def take(self, weight: Weight, *, now: float, processes: int) -> tuple[bool, float]:
        """Leave, and seconds to wait for it in place; or none, and seconds until there is room."""
        cost = self._cost(weight) * max(1, processes) * CAUTION
        starts = max(now, self._free)
        if starts - now <= self._in_place:
            self._free = starts + cost
            return True, starts - now
        self._told = min(max(self._told, starts), now + FAR * self._window) + cost
        return False, self._told - cost - now

    def _cost(self, weight: Weight) -> float:
        """Seconds of the whole limit that one such request takes up."""
        requests = 1 / (weight.most_requests or float("inf"))
        share = weight.tokens / (weight.most_tokens or float("inf"))
        return self._window * max(requests, min(1.0, share))
