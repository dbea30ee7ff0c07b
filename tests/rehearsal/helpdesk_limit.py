"""A Roundup that may be asked so often a minute, and a queue that wants more of it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from tests.acceptance.patience import until
from tests.acceptance.throttled import most_in
from tests.rehearsal.helpdesk import KIND, SELDOM, Failing, bring, paused
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, ended

A_MINUTE = 120
LEAST = 80
TICKETS = 60
LIMIT = f'[[limits]]\nupstream = "helpdesk:{KIND}"\nrequests_per_minute = {A_MINUTE}\n'

OFTEN = "[intake]\npoll_seconds = 10.0\n"


@dataclass(kw_only=True)
class Strict(Failing):
    """Takes so many in any minute, and answers 429 to all others, with a time to wait."""

    taken: list[float] = field(default_factory=list)

    def draw(self, method: str, path: str) -> str:
        """What becomes of a request."""
        super().draw(method, path)
        now = CLOCK.now()
        first = bisect_left(self.taken, now - 60)
        if len(self.taken) - first >= A_MINUTE:
            self.retry_after = max(1, ceil(self.taken[-A_MINUTE] + 60 - now))
            return "full"
        self.taken.append(now)
        return "fair"


def told(pace: Pace, *, seed: int) -> dict[str, object]:
    """The fleet was told of the limit: requests in each full minute, until all is written."""
    return _written(Failing, pace, seed, LIMIT, SELDOM)


def untold(pace: Pace, *, seed: int) -> dict[str, object]:
    """It was not, and hears of it by 429s."""
    return _written(Strict, pace, seed, "", OFTEN)


def _written(
    kind: type[Failing], pace: Pace, seed: int, guards: str, settings: str
) -> dict[str, object]:
    with paused(kind, pace, seed=seed, guards=guards, settings=settings) as (stage, site, proxy):
        began = CLOCK.now()
        bring(stage, site, TICKETS, seconds=400, polls=settings == SELDOM)
        resumed = CLOCK.now()
        stage.place.ask("resume")
        until(lambda: not stage.show(), 900)
        turned_away = proxy.played["full"]
        return {**_kept(proxy.asked(began), resumed), "429s": turned_away, **ended(stage)}


def _kept(moments: Sequence[float], resumed: float) -> dict[str, object]:
    """How many came in each full minute of the writing, and in any 60 s of it and the polls."""
    writing = [at for at in moments if at >= resumed]
    first, last = writing[0], writing[-1]
    return {
        "in_each_minute": [
            sum(first + 60 * n <= at < first + 60 * (n + 1) for at in writing)
            for n in range(int((last - first) // 60))
        ],
        "most_in_any": most_in(moments, 60),
        "polls": len(moments) - len(writing),
        "polled_seconds": round(resumed - moments[0]),
        "writes": len(writing),
        "written_seconds": round(last - first),
    }


def is_well(found: dict[str, object]) -> bool:
    """Whether the limit was kept and used, and everything came through."""
    minutes, most = found["in_each_minute"], found["most_in_any"]
    assert isinstance(minutes, list)
    assert isinstance(most, int)
    return all(n >= LEAST for n in minutes) and most <= A_MINUTE and is_written(found)


def is_written(found: dict[str, object]) -> bool:
    """Whether everything came through."""
    return found["states"] == {"written": TICKETS} and found["balanced"] is True
