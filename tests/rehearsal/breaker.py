"""A provider that fails often, then always, then seldom: when its breaker opens, probes, closes."""

from itertools import pairwise

from tests.acceptance.patience import until
from tests.rehearsal.outage import SYNC, TO_OPEN
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, IN_FLIGHT, Casting, Stage, ended, played, staged
from worker.guards.redis_shared import connect

WELL = 1_000
ILL = 2_000
CALM = 10_000
PROBES = 6
CLOSER = 0.9
"""Of an interval: less between two probes is one too many."""

FREE = "[retries]\nfloor = 100000\n"
"""A budget of retries would keep failures away from the breaker that is looked at."""


def breaker(pace: Pace, *, seed: int) -> dict[str, object]:
    """The figures of DESIGN section 6, by the provider's own log."""
    casting = Casting(latency="0.2-0.6")
    with staged(casting, pace, seed=seed, guards=FREE) as stage:
        stage.bring(WELL)
        stage.settle(120)
        found = _ill(stage, pace)
        stage.settle(300)
        return {**found, **_calm(stage), "played": played(stage.log()), **ended(stage)}


def _ill(stage: Stage, pace: Pace) -> dict[str, object]:
    """From the first failure to the closing, and Redis forgets everything on the way."""
    stage.bring(ILL)
    stage.fill(least=10)
    began = CLOCK.now()
    stage.provider.play("error_503:0.8")
    until(lambda: stage.noticed("breaker.opened", began), 60)
    opened = stage.noticed("breaker.opened", began)[0]
    stage.provider.play("error_503")
    known = opened + 2 * SYNC
    client = connect(stage.redis.url)
    until(lambda: len(stage.log(known)) >= PROBES // 2 and stage.show(), 120)
    client.flushall()
    client.close()
    until(lambda: len(stage.log(known)) >= PROBES and stage.show(), 240)
    probes = [one.at for one in stage.log(known)]
    stage.provider.play("ok")
    back = CLOCK.now()
    until(lambda: stage.noticed("breaker.closed", back) and stage.show() < ILL, 240)
    before = stage.log(began)
    first = pace.scaled(5)
    intervals = [min(first * 2**n, pace.scaled(60)) for n in range(len(probes))]
    gaps = [round(after - at, 2) for at, after in pairwise(probes)]
    return {
        "calls_until_open": sum(one.at < known for one in before),
        "calls_until_open_allowed": IN_FLIGHT + TO_OPEN,
        "failed_when_it_opened": sum(
            one.fault != "ok" and one.at + one.seconds < opened for one in before
        ),
        "seconds_between_probes": gaps,
        "intervals": [round(one, 2) for one in intervals[1:]],
        "closed_seconds_after": round(stage.noticed("breaker.closed", back)[0] - back, 2),
        "interval_then": round(intervals[-1], 2),
    }


def _calm(stage: Stage) -> dict[str, object]:
    """One call in twenty fails."""
    began = CLOCK.now()
    stage.provider.play("error_503:0.05")
    stage.bring(CALM)
    stage.settle(600)
    return {
        "calls_of_which_one_in_twenty_fails": len(stage.log(began)),
        "opened_by_them": len(stage.noticed("breaker.opened", began)),
    }


def is_well(found: dict[str, object]) -> bool:
    """Whether it did as it should."""
    gaps, intervals = found["seconds_between_probes"], found["intervals"]
    assert isinstance(gaps, list)
    assert isinstance(intervals, list)
    return (
        int(str(found["calls_until_open"])) <= int(str(found["calls_until_open_allowed"]))
        and all(gap >= CLOSER * least for gap, least in zip(gaps, intervals, strict=False))
        and float(str(found["closed_seconds_after"])) <= 2 * float(str(found["interval_then"]))
        and found["opened_by_them"] == 0
        and found["states"] == {"written": found["tickets"]}
    )
