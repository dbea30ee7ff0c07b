"""The course of a breaker: what it guards fails often, then always, then seldom."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from tests.acceptance.patience import until
from tests.rehearsal.outage import SYNC, TO_OPEN
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, IN_FLIGHT, Stage

PROBES = 6
CALM_CALLS = 10_000
"""At least so many, of which it does not open."""

CLOSER = 0.9
"""Of an interval: less between two probes is one too many."""

FREE = "[retries]\nfloor = 100000\n"
"""A budget of retries would keep failures away from the breaker that is looked at."""


class Ailing(Protocol):
    """What a breaker guards; it is well until it is told otherwise."""

    def fail(self, share: float) -> None:
        """From now on that share of all calls does."""

    def asked(self, since: float) -> Sequence[float]:
        """When it was called since then."""
        ...


def ill(
    stage: Stage,
    ailing: Ailing,
    pace: Pace,
    *,
    settle: float = 2 * SYNC,
    begin: Callable[[], None] = lambda: None,
    midway: Callable[[], None] = lambda: None,
) -> dict[str, object]:
    """From the first failure to the closing. `begin`: lets work come; `midway`: between probes.

    `settle`: seconds after which every process knows, and what was under way has ended.
    """
    began = CLOCK.now()
    ailing.fail(0.8)
    begin()
    until(lambda: stage.noticed("breaker.opened", began) and stage.show(), 120)
    opened = stage.noticed("breaker.opened", began)[0]
    subject = stage.noticed_of("breaker.opened", began)[0]
    ailing.fail(1.0)
    known = opened + settle
    until(lambda: len(ailing.asked(known)) >= PROBES // 2 and stage.show(), 120)
    midway()
    until(lambda: len(ailing.asked(known)) >= PROBES and stage.show(), 240)
    probes = ailing.asked(known)
    ailing.fail(0.0)
    back = CLOCK.now()
    until(lambda: stage.noticed("breaker.closed", back) and stage.show(), 240)
    first, most = pace.scaled(5), pace.scaled(60)
    intervals = [min(first * 2**n, most) for n in range(len(probes))]
    return {
        "breaker": subject,
        "calls_until_open": len(ailing.asked(began)) - len(ailing.asked(known)),
        "calls_until_open_allowed": IN_FLIGHT + TO_OPEN,
        "seconds_between_probes": [round(after - at, 2) for at, after in pairwise(probes)],
        "intervals": [round(one, 2) for one in intervals[1:]],
        "closed_seconds_after": round(stage.noticed("breaker.closed", back)[0] - back, 2),
        "interval_then": round(intervals[-1], 2),
    }


def calm(
    stage: Stage,
    ailing: Ailing,
    bring: Callable[[], None],
    begin: Callable[[], None] = lambda: None,
) -> dict[str, object]:
    """One call in twenty fails, once all tickets are there. `begin`: lets work come."""
    bring()
    began = CLOCK.now()
    ailing.fail(0.05)
    begin()
    stage.settle(1_200)
    ailing.fail(0.0)
    return {
        "calls_of_which_one_in_twenty_fails": len(ailing.asked(began)),
        "opened_meanwhile": stage.noticed_of("breaker.opened", began),
    }


def is_well(found: dict[str, object]) -> bool:
    """Whether its breaker did as it should, and every ticket was written."""
    return as_it_should(found) and found["states"] == {"written": found["tickets"]}


def as_it_should(found: dict[str, object]) -> bool:
    """Opened in time, probed once an interval at most, closed within two of them, and stayed so."""
    gaps, intervals = found["seconds_between_probes"], found["intervals"]
    opened = found["opened_meanwhile"]
    assert isinstance(opened, list)
    assert isinstance(gaps, list)
    assert isinstance(intervals, list)
    return (
        int(str(found["calls_until_open"])) <= int(str(found["calls_until_open_allowed"]))
        and all(gap >= CLOSER * least for gap, least in zip(gaps, intervals, strict=False))
        and float(str(found["closed_seconds_after"])) <= 2 * float(str(found["interval_then"]))
        and int(str(found["calls_of_which_one_in_twenty_fails"])) >= CALM_CALLS
        and found["breaker"] not in opened
    )
