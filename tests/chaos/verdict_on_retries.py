"""I7: in any 60 s no more retries than a tenth of five minutes' successes, and a few."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tests.chaos.evidence import Found, Records
from worker.guards.retry_budget import MEMORY_SECONDS, WINDOW_SECONDS

LATE = 2.0
"""Seconds by which what is let through may come later, and what was answered be told later."""


def within_budget(records: Records) -> Found:
    """I7, by when requests came to providers. What Redis has forgotten nobody can count."""
    retries = sorted(
        call.request.at for call in records.calls if call.request and call.ask.is_retry
    )
    successes = sorted(request.until for request in records.requests if request.answered)
    rule, weather = records.guards.retries, records.weather
    forgotten, lost = sorted(weather.forgotten), sorted([*weather.forgotten, *weather.shaken])
    for at in retries:
        made = _between(retries, max(at - WINDOW_SECONDS, _last(lost, at)) + LATE, at)
        known = max(at - MEMORY_SECONDS, _last(forgotten, at))
        went_well = _between(successes, known - LATE, at)
        if made > (allowed := rule.floor + rule.share * went_well):
            yield f"{made} retries in the minute before {at:.1f}, and {allowed:.1f} allowed"


def _last(moments: Sequence[float], before: float) -> float:
    """The last of these that was before; long ago where none was."""
    place = bisect_left(moments, before)
    return moments[place - 1] if place else 0.0


def _between(moments: Sequence[float], since: float, until: float) -> int:
    """How many of these came after `since`, and not after `until`."""
    return bisect_right(moments, until) - bisect_right(moments, since)
