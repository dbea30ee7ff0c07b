"""A provider that may be asked 60 times a minute, and a queue that wants it more often."""

from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, Casting, ended, played, staged

A_MINUTE = 60
LEAST = 54
MINUTES = 5
TICKETS = 800
LIMIT = f'[[limits]]\nupstream = "alpha"\nrequests_per_minute = {A_MINUTE}\n'


def limit(pace: Pace, *, seed: int) -> dict[str, object]:
    """Requests in each full minute of the provider's log; a minute is a minute at any pace."""
    with staged(Casting(), pace, seed=seed, guards=LIMIT) as stage:
        stage.bring(TICKETS)
        until(lambda: stage.show() and stage.provider["alpha"].asked > 0, 60)
        began = CLOCK.now()
        until(lambda: stage.show() and CLOCK.now() > began + 60 * MINUTES + 1, 60 * MINUTES + 60)
        moments = [one.at for one in stage.log()]
        first = moments[0]
        minutes = [
            sum(first + 60 * n <= at < first + 60 * (n + 1) for at in moments)
            for n in range(MINUTES)
        ]
        return {"in_each_minute": minutes, "played": played(stage.log()), **ended(stage)}


def is_well(found: dict[str, object]) -> bool:
    """Whether the limit was kept, and used."""
    minutes = found["in_each_minute"]
    assert isinstance(minutes, list)
    return all(LEAST <= n <= A_MINUTE for n in minutes) and found["dead"] == 0
