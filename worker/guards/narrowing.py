"""How many at a time visit an upstream that says 429 and has no limit of ours.

As many as like to would each be cut off in the middle, and begin again with looking. So half as
many as there are go on from their first request to their last, and one more with each that did
without being told to slow down; many more 429s halve them again. One now and then halves nothing.
"""

from collections import deque

STAYS_SECONDS = 6.0
"""A visit, from its first request until it is known to be over."""

MOST_SECONDS = 60.0

AT_ONCE_SECONDS = 2.0
"""429s that come together are one: those who were there before had not been told yet."""

LATELY, MANY = 30, 8
"""Of so many calls lately so many were answered with 429: it is more than now and then."""

WIDE = 32
"""At a time, and twice as many as there were: then nothing is held back any more."""


class Lately:
    """How an upstream has answered its last calls."""

    def __init__(self) -> None:
        self._were_429 = deque[bool](maxlen=LATELY)

    def answered(self) -> None:
        """Some way or other."""
        self._were_429.append(False)

    def refused(self) -> bool:
        """The last one with 429; whether many were."""
        if self._were_429:
            self._were_429[-1] = True
        return sum(self._were_429) >= MANY


class Narrowing:
    """That of one upstream, for one process. Times are a monotonic clock's."""

    def __init__(self, visits: int, now: float) -> None:
        """It has said 429 while so many went on."""
        self._enough = max(WIDE, 2 * visits)
        self._at_a_time = max(1, visits // 2)
        self._turned_away = 0
        self._at = now
        self.told = 1
        """How often it has said so, for a visit to know whether it was while it went on."""

    @property
    def is_over(self) -> bool:
        """Whether everybody may come again."""
        return self._at_a_time >= self._enough

    def slow_down(self, now: float) -> None:
        """It has said 429 again."""
        if now - self._at >= AT_ONCE_SECONDS:
            self._at = now
            self.told += 1
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
        if told == self.told:
            self._at_a_time += 1
