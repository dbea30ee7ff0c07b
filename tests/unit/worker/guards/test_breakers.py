"""When a breaker opens, who probes it, and how it closes; by a clock that stands still."""

import asyncio

import pytest

from config.guards import Breaker
from tasks.errors import BreakerOpen
from tasks.ports.guards import Ended
from tests.twins.breakers import CONFIG, Process, opened, processes, sync
from tests.twins.clock import StillClock
from worker.guards.rule import rule_of
from worker.guards.window import Window

KEY = "credential:OPENAI_API_KEY"


def test_half_of_ten_calls_open_it_and_half_of_nine_do_not() -> None:
    """Fewer than the least number of calls say nothing."""
    [one] = processes()
    asyncio.run(one.fail(9))
    assert one.state() == "closed"
    asyncio.run(one.fail(1))
    assert one.state() == "open"


def test_a_share_below_the_limit_never_opens_it() -> None:
    """Alone, pybreaker counts failures in a row; here 14 in a row of the last 30 are not half."""
    [one] = processes()
    for _ in range(51):
        asyncio.run(one.call())
    asyncio.run(one.fail(14))
    assert one.state() == "closed"
    asyncio.run(one.fail(1))
    assert one.state() == "open"


def test_what_was_long_ago_does_not_count() -> None:
    [one] = processes()
    asyncio.run(one.fail(9))
    asyncio.run(one.call())
    one.clock.at += CONFIG.window_seconds + 1
    asyncio.run(one.fail(9))
    assert one.state() == "closed"


@pytest.mark.parametrize("ended", [Ended.CANCELLED, Ended.NEUTRAL])
def test_who_hung_up_and_who_was_told_no_say_nothing(ended: Ended) -> None:
    [one] = processes()
    for _ in range(50):
        assert asyncio.run(one.call(ended)) is None
    assert one.state() == "closed"
    assert one.breakers.standing("x").calls == 0


def test_the_failures_of_all_processes_are_counted_together() -> None:
    """Five in each of two are ten, and nobody has to fail once more to find that out."""
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.fail(5))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "open"]
    for one in fleet:
        one.scribe.look()
    assert [one.kind for one in fleet[0].book.kept.values()] == ["breaker.opened"]


@pytest.mark.parametrize("many", [1, 2])
def test_an_outage_is_noticed_within_twenty_calls_however_well_it_has_gone(many: int) -> None:
    """A thousand calls were well just now: half of all in the window would be a thousand more."""
    fleet = processes(many)
    for n in range(1_000):
        asyncio.run(fleet[n % many].call())
    sync(fleet)
    for n in range(20):
        asyncio.run(fleet[n % many].call(Ended.FAILURE))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open"] * many
    failing = fleet[0].breakers.standing("x").failing
    assert failing is not None
    assert failing >= CONFIG.failure_share


def test_a_third_of_all_opens_nothing_although_some_of_the_last_have_failed() -> None:
    [one] = processes()
    for n in range(3_000):
        asyncio.run(one.call(Ended.FAILURE if n % 3 == 0 else Ended.SUCCESS))
        if n % 50 == 0:
            one.breakers.sync()
    assert one.state() == "closed"


def test_calls_that_come_while_others_are_told_are_told_next() -> None:
    """Not twice, and not never."""
    clock = StillClock()
    window = Window(rule_of("x", CONFIG), clock)
    window.add(success=True)
    counts, last = window.tell()
    window.add(success=False)
    window.told(counts, (1, 0), last)
    assert (window.tell()[1], window.last) == ("x", ".x")


def test_successes_that_have_grown_old_open_nothing() -> None:
    """What is left of the window may be failures for the most part: that is news to nobody."""
    fleet = processes(2)
    for _ in range(10):
        asyncio.run(fleet[0].call())
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].fail(8))
    for _ in range(4):
        asyncio.run(fleet[0].call())
    sync(fleet)
    fleet[0].clock.at += 27
    sync(fleet)
    assert fleet[0].breakers.standing("x").failing == pytest.approx(8 / 12)
    assert [one.state() for one in fleet] == ["closed", "closed"]


def test_an_open_breaker_says_when_to_ask_again() -> None:
    [one] = opened()
    one.clock.at += 2
    held = asyncio.run(one.call())
    assert isinstance(held, BreakerOpen)
    assert (held.dependency, held.retry_after) == ("x", 3.0)


def test_one_probe_goes_and_everybody_else_waits_for_it() -> None:
    fleet = opened(3)
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())
    assert all(isinstance(asyncio.run(one.call()), BreakerOpen) for one in fleet)
    sync(fleet)
    assert [one.state() for one in fleet] == ["probing"] * 3


def test_each_failed_probe_doubles_the_time_until_the_next_up_to_the_most() -> None:
    fleet = opened(2)
    waits = []
    for n in range(6):
        wait = fleet[0].breakers.standing("x").probe_in
        assert wait is not None
        waits.append(wait)
        fleet[0].clock.at += wait
        leave = asyncio.run(fleet[n % 2].probe())
        fleet[n % 2].breakers.report(leave, Ended.FAILURE)
        sync(fleet)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_one_successful_probe_closes_it_for_all_and_forgets_the_window() -> None:
    fleet = opened(2, Breaker(ramp_seconds=0))
    fleet[0].clock.at += 5
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    sync(fleet)
    assert [one.state() for one in fleet] == ["closed", "closed"]
    for one in fleet:
        assert asyncio.run(one.call(Ended.FAILURE)) is None
    sync(fleet)
    assert [one.state() for one in fleet] == ["closed", "closed"]


def test_a_cancelled_probe_gives_its_turn_to_another() -> None:
    fleet = opened(2)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.CANCELLED)
    sync(fleet)
    asyncio.run(fleet[1].probe())


def test_a_probe_that_was_told_no_gives_its_turn_to_another_a_while_later() -> None:
    """It has been asked, and has answered: asking on and on would be no leaving alone."""
    fleet = opened(2)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.NEUTRAL)
    sync(fleet)
    assert isinstance(asyncio.run(fleet[1].call()), BreakerOpen)
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())


def test_a_probe_without_an_answer_has_failed_when_its_interval_is_over() -> None:
    """Else a server that hangs would be asked every five seconds for ever."""
    fleet = opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 5
    sync(fleet)
    assert fleet[1].breakers.standing("x").probe_in == 10


def test_a_late_success_of_a_probe_closes_it_and_its_late_failure_says_nothing() -> None:
    fleet = opened(2)
    fleet[0].clock.at += 5
    slow = asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 6
    sync(fleet)
    fleet[0].breakers.report(slow, Ended.FAILURE)
    sync(fleet)
    assert fleet[1].breakers.standing("x").probe_in == 10
    fleet[0].breakers.report(slow, Ended.SUCCESS)
    sync(fleet)
    assert fleet[1].state() == "ramp"


def test_the_lease_of_a_process_that_died_runs_out() -> None:
    fleet = opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())


def test_calls_from_before_it_opened_do_not_count_once_it_has_closed() -> None:
    """They tell of the outage, and a slow one may end long after it."""
    [one] = processes(config=Breaker(ramp_seconds=0))
    old = [asyncio.run(one.breakers.admit("x")) for _ in range(20)]
    asyncio.run(one.fail(15))  # half of the last thirty: those twenty were thought to be well
    sync([one])
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    for leave in old:
        one.breakers.report(leave, Ended.FAILURE)
    assert one.state() == "closed"


def test_what_was_counted_before_it_closed_is_forgotten_on_ones_own_too() -> None:
    [one] = processes(config=Breaker(ramp_seconds=0))
    asyncio.run(one.fail(10))
    one.clock.at += 12
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    asyncio.run(one.fail(1))
    assert one.state() == "closed"


# ── The ramp ─────────────────────────────────────────────────────────────────────────────────────


def _recovered(chance: float) -> Process:
    [one] = opened(chance=chance)
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    return one


@pytest.mark.parametrize(("passed", "least"), [(0, 0.1), (3, 0.3), (9, 0.9)])
def test_on_the_ramp_a_growing_share_is_let_through(passed: float, least: float) -> None:
    lucky, unlucky = _recovered(least - 0.01), _recovered(least + 0.01)
    lucky.clock.at += passed
    unlucky.clock.at += passed
    assert asyncio.run(lucky.call()) is None
    held = asyncio.run(unlucky.call())
    assert isinstance(held, BreakerOpen)
    assert held.retry_after <= 1.0
    assert "ramp" in str(held)


def test_after_the_ramp_everything_goes() -> None:
    one = _recovered(0.9999)
    one.clock.at += CONFIG.ramp_seconds
    assert asyncio.run(one.call()) is None
    assert one.state() == "closed"


@pytest.mark.parametrize(("passed", "wait"), [(1, 10.0), (11, 5.0)])
def test_one_that_opens_again_on_its_ramp_goes_on_with_its_longer_time(
    passed: float, wait: float
) -> None:
    """One that opens again after it begins anew."""
    [one] = opened(chance=0.0)
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.FAILURE)
    sync([one])
    one.clock.at += 10
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    sync([one])
    one.clock.at += passed
    asyncio.run(one.fail(9))
    one.breakers.report(asyncio.run(one.breakers.admit("x")), Ended.FAILURE)
    assert one.breakers.standing("x").probe_in == wait
