"""A provider is away for half an hour, with 5,000 tickets queued."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from statistics import median

from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, Casting, Stage, ended, played, staged

BEFORE = 2_000
QUEUED = 5_000
MINUTES = 30
TO_OPEN = 20
RETRIES_A_MINUTE = 10
SPIKE = 1.5
SYNC = 0.2  # seconds between two syncs of a process
SOME = 200


def outage(pace: Pace, *, seed: int, fallback: bool) -> dict[str, object]:
    """What came of it. `fallback`: each tier has a second provider."""
    providers = ("alpha", "beta") if fallback else ("alpha",)
    casting = Casting(tiers=dict.fromkeys(("economy", "standard", "premium"), providers))
    with staged(casting, pace, seed=seed) as stage:
        stage.bring(BEFORE)
        until(lambda: stage.show() < BEFORE - SOME, 120)
        warm = CLOCK.now()
        until(lambda: stage.show() < BEFORE // 2, 240)
        stage.bring(QUEUED)
        stage.fill()
        while (queued := stage.left()) < QUEUED:  # it took its time to fill
            stage.bring(BEFORE)
            stage.fill()
        began, in_flight = CLOCK.now(), stage.provider["alpha"].in_flight
        stage.provider.play("error_503", "alpha")
        while CLOCK.now() < began + pace.scaled(MINUTES * 60):
            stage.show()
        left = stage.left()
        over = CLOCK.now()
        stage.provider.play("ok", "alpha")
        stage.settle(900)
        return {
            "queued": queued,
            "outage_seconds": round(over - began, 1),
            "in_flight_when_it_began": in_flight,
            **_calls(stage, pace, began, over, in_flight),
            "left_when_it_was_over": left,
            **_after(stage, pace, warm, began, over),
            "played": played(stage.log()),
            **ended(stage),
        }


def _calls(
    stage: Stage, pace: Pace, began: float, over: float, in_flight: int
) -> dict[str, object]:
    """What the outage was asked, until the breaker opened and then."""
    [opened, *again] = [at for at in stage.noticed("breaker.opened", began) if at < over]
    known = opened + 2 * SYNC  # by every process
    asked = [one for one in stage.log(began, "alpha") if one.at < over]
    before = [one for one in asked if one.at < known]
    failed = sum(one.at + one.seconds < opened for one in before)
    probes = [one.at for one in asked if one.at >= known]
    gaps = [after - at for at, after in pairwise(probes)]
    retries = RETRIES_A_MINUTE * ceil((known - began) / pace.minute)
    return {
        "opened_after_seconds": round(opened - began, 2),
        "opened_again": len(again),
        "calls_until_open": len(before),
        "calls_until_open_allowed": in_flight + TO_OPEN + retries,
        "failed_when_it_opened": failed,
        "probes": len(probes),
        "shortest_gap_of_probes": round(min(gaps, default=0), 2),
        "longest_interval": pace.scaled(60),
    }


def _after(stage: Stage, pace: Pace, warm: float, began: float, over: float) -> dict[str, object]:
    """The rate with which it came back, in windows of half a minute."""
    window = pace.minute / 2
    asked = [one.at for one in stage.log()]
    normal = rates(asked, warm, began, window)
    back = rates(asked, over, asked[-1], window)
    usual = median(normal)
    finished = stage.log()[-1]
    return {
        "normal_per_second": round(usual, 1),
        "most_per_second_after": round(max(back), 1),
        "spike": round(max(back) / usual, 2),
        "done_seconds_after": round(finished.at - over, 1),
    }


def rates(moments: Sequence[float], begin: float, end: float, window: float) -> list[float]:
    """Calls a second in each window that begins there, half windows apart."""
    found = []
    at = begin
    while at + window <= end:
        number = bisect_left(moments, at + window) - bisect_left(moments, at)
        found.append(number / window)
        at += window / 2
    return found or [0.0]


def is_well(found: dict[str, object]) -> bool:
    """Whether it is as the issue wants it."""
    return (
        _is_whole(found)
        and float(str(found["spike"])) <= SPIKE
        and int(str(found["calls_until_open"])) <= int(str(found["calls_until_open_allowed"]))
    )


def is_well_beside(found: dict[str, object]) -> bool:
    """With a second provider: nobody waits for the end of it."""
    return _is_whole(found) and found["left_when_it_was_over"] == 0


def _is_whole(found: dict[str, object]) -> bool:
    """Whether every ticket was written."""
    return found["states"] == {"written": found["tickets"]} and found["balanced"] is True
