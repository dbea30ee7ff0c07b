"""The calls of the last seconds: one's own, and with them everybody's as far as one has heard."""

from collections import deque

from tasks.ports.clock import Clock
from worker.guards.rule import PARTS, Rule
from worker.guards.shared import BAD, GOOD, LATE, LETTERS, SOON, Count, failing, newest

Tally = list[int]
"""Second, letters of success, of failure."""

WORD = {(True, False): GOOD, (False, False): BAD, (True, True): SOON, (False, True): LATE}


class Window:
    """Counts calls by the second, and keeps how the last ones ended. For one caller at a time."""

    def __init__(self, rule: Rule, clock: Clock) -> None:
        self._seconds = rule.window
        self._least_calls = rule.least_calls
        self._calls = rule.last_calls
        self._most = LETTERS * rule.last_calls
        self._clock = clock
        self._own_last = self._untold_last = self._everybodys_last = ""
        self._added = self._telling = 0  # letters, to tell those that came while others were told
        self._own: deque[Tally] = deque()
        self._untold: deque[Tally] = deque()
        self._everybodys: tuple[int, int] | None = None  # None: heard of nobody lately

    def __len__(self) -> int:
        """Seconds of which it remembers calls."""
        return len(self._own)

    def add(self, *, success: bool, soon: bool = False) -> None:
        """One call more. `soon`: it is taken to be well before it has ended, or was before."""
        now = int(self._clock.monotonic())
        place = 1 if success else 2
        for tallies in (self._own, self._untold):
            if not tallies or tallies[-1][0] != now:
                tallies.append([now, 0, 0])
            tallies[-1][place] += 1
        end = WORD[success, soon]
        self._own_last = (self._own_last + end)[-self._most :]
        self._untold_last = (self._untold_last + end)[-self._most :]
        self._added += 1

    def clear(self) -> None:
        """As if nobody had called."""
        self._own.clear()
        self._untold.clear()
        self._own_last = self._untold_last = self._everybodys_last = ""
        self._everybodys = None if self._everybodys is None else (0, 0)

    def calls(self) -> tuple[int, int]:
        """Successes and failures: everybody's, or on one's own one's own."""
        if self._everybodys is None:
            self._own = self._fresh(self._own)
            successes, failures = 0, 0
            told = self._own
        else:
            successes, failures = self._everybodys
            told = self._untold
        for _, good, bad in told:
            successes += good
            failures += bad
        return successes, failures

    @property
    def last(self) -> str:
        """How the last of these calls ended, in letters."""
        if self._everybodys is None:
            return self._own_last
        return (self._everybodys_last + self._untold_last)[-self._most :]

    def failing(self) -> int:
        """Their share of failures in ten-thousandths.

        Of too few calls it is 0, or all where as many as are needed have failed one after the
        other, however long that took: where few ask, nobody may have been answered for hours.
        """
        if sum(self.calls()) >= self._least_calls:
            return int(PARTS * (self.share() or 0))
        return PARTS if newest(self.last, self._least_calls)[0] == self._least_calls else 0

    def share(self) -> float | None:
        """Their share of failures; None where nobody called."""
        return failing(*self.calls(), self.last, self._calls)

    def tell(self) -> tuple[tuple[Count, ...], str]:
        """What everybody else does not know yet; it is theirs when `told` is called."""
        self._untold = self._fresh(self._untold)
        self._own = self._fresh(self._own)  # a worker that is never alone asks for it nowhere
        self._telling = self._added
        now = int(self._clock.monotonic())
        counts = tuple((float(now - at), good, bad) for at, good, bad in self._untold)
        return counts, self._untold_last if counts else ""

    def told(self, counts: tuple[Count, ...], everybodys: tuple[int, int], last: str) -> bool:
        """These counts have arrived; calls that came meanwhile have not. Whether more failed."""
        for _, good, bad in counts:
            self._forget(good, bad)
        meanwhile = self._added - self._telling
        self._untold_last = self._untold_last[-meanwhile:] if meanwhile else ""
        before, self._everybodys = self._everybodys, everybodys
        self._everybodys_last = last
        return everybodys[1] > (before[1] if before else 0)

    def alone(self) -> None:
        """Nobody is heard of any more."""
        self._everybodys = None

    def _forget(self, good: int, bad: int) -> None:
        """The oldest go first, as they were told."""
        if self._untold:
            first = self._untold[0]
            first[1] -= good
            first[2] -= bad
            if first[1] <= 0 and first[2] <= 0:
                self._untold.popleft()

    def _fresh(self, tallies: deque[Tally]) -> deque[Tally]:
        oldest = self._clock.monotonic() - self._seconds
        while tallies and tallies[0][0] < oldest:
            tallies.popleft()
        return tallies
