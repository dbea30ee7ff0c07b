"""A Roundup that may be asked so often a minute, and a queue that wants more of it."""

from collections.abc import Sequence
from random import Random

from tests.acceptance.patience import until
from tests.rehearsal.helpdesk import HELPDESK, KIND, SELDOM, TRUSTED, Failing, bring
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, Casting, ended, staged
from tests.soak.proxy import serving
from tests.soak.sites import served

A_MINUTE = 120
LEAST = 90
TICKETS = 60
LIMIT = f'[[limits]]\nupstream = "helpdesk:{KIND}"\nrequests_per_minute = {A_MINUTE}\n'


def helpdesk_limit(pace: Pace, *, seed: int) -> dict[str, object]:
    """Requests in each full minute by what came to it, until all is written."""
    with served(KIND) as site, serving(Failing(upstream=site.url, chance=Random(seed))) as proxy:
        named = {"": KIND, "_URL": proxy.url, "_TOKEN": site.token}
        with staged(
            Casting(latency="0.1-0.3"),
            pace,
            seed=seed,
            guards=LIMIT,
            variables={f"TRIAGE_HELPDESK{name}": value for name, value in named.items()},
            settings=SELDOM,
            policy=TRUSTED,
            helpdesk=HELPDESK,
        ) as stage:
            stage.place.may_write()
            stage.place.ask("intake")
            stage.place.ask("pause", "--why", "until all are there")
            began = CLOCK.now()
            bring(stage, site, TICKETS, seconds=400)
            resumed = CLOCK.now()
            stage.place.ask("resume")
            until(lambda: not stage.show(), 600)
            return {**_kept(proxy.asked(began), resumed), **ended(stage)}


def _kept(moments: Sequence[float], resumed: float) -> dict[str, object]:
    """How many came in each full minute of the writing, and in any 60 s of it and the polls."""
    writing = [at for at in moments if at >= resumed]
    first, last = writing[0], writing[-1]
    return {
        "in_each_minute": [
            sum(first + 60 * n <= at < first + 60 * (n + 1) for at in writing)
            for n in range(int((last - first) // 60))
        ],
        "most_in_any": max(sum(at <= one < at + 60 for one in moments) for at in moments),
        "polls": len(moments) - len(writing),
        "polled_seconds": round(resumed - moments[0]),
        "writes": len(writing),
        "written_seconds": round(last - first),
    }


def is_well(found: dict[str, object]) -> bool:
    """Whether the limit was kept and used, and everything came through."""
    minutes, most, states = found["in_each_minute"], found["most_in_any"], found["states"]
    assert isinstance(minutes, list)
    assert isinstance(most, int)
    return (
        all(n >= LEAST for n in minutes)
        and most <= A_MINUTE
        and states == {"written": TICKETS}
        and found["balanced"] is True
    )
