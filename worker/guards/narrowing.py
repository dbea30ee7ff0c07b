"""How many at a time visit an upstream that says 429 and has no limit of ours.

As many as like to would each be cut off in the middle, and begin again with looking. So one at a
time in each process goes from its first request to its last, and one more with each that did
without being told to slow down; another 429 halves them.
"""

WIDE = 32
"""At a time: then nothing is held back any more."""

STAYS_SECONDS = 6.0
"""A visit, from its first request until it is known to be over."""

MOST_SECONDS = 60.0


class Narrowing:
    """That of one upstream, for one process."""

    def __init__(self) -> None:
        self._at_a_time = 1
        self._told = 0  # how often, so that a visit knows whether it was while it went on
        self._turned_away = 0

    @property
    def told(self) -> int:
        """How often it has said 429."""
        return self._told

    @property
    def is_over(self) -> bool:
        """Whether everybody may come again."""
        return self._at_a_time >= WIDE

    def slow_down(self) -> None:
        """It has said 429."""
        self._told += 1
        self._at_a_time = max(1, self._at_a_time // 2)

    def wait(self, visits: int) -> float:
        """Seconds until it is worth coming back, where so many go on; 0: come in."""
        if visits < self._at_a_time:
            self._turned_away = max(0, self._turned_away - 1)
            return 0.0
        self._turned_away += 1
        return min(MOST_SECONDS, STAYS_SECONDS * (1 + self._turned_away / self._at_a_time))

    def ended(self, told: int) -> None:
        """A visit that began when it had been told so often."""
        if told == self._told:
            self._at_a_time += 1
