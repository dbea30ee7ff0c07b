"""The judge's own count of what a breaker may have seen."""

from collections.abc import Sequence

from tests.chaos.calls import Call
from tests.chaos.counted import shares
from tests.chaos.test_verdict_on_guards import a_call
from tests.twins.clock import NOON

HUNG = [a_call(n / 100, seconds=4.0, fault="hang") for n in range(12)]
QUICK = a_call(0.2, seconds=0.01, fault="error_500")


def _shares(calls: Sequence[Call]) -> list[float]:
    found = shares(calls, since=NOON, until=NOON + 60, newest=30, least=10)
    return [share for _, share in found]


def test_who_failed_after_all_counts_once_and_lately() -> None:
    well = [a_call(1 + n / 100) for n in range(30)]
    found = _shares([*HUNG, QUICK, *well])
    assert found[0] == 1 / 13, "the twelve are taken to be well"
    assert found[-1] == 12 / 30


def test_who_is_under_way_is_known_to_its_own_process_alone() -> None:
    """A process that hears of failures alone opens, whatever hangs in another one."""
    hung = [a_call(n / 100, seconds=4.0, fault="hang", owner="w-1") for n in range(12)]
    failed = [a_call(1 + n / 10, fault="error_500", seconds=0.01, owner="w-2") for n in range(10)]
    assert _shares([*hung, *failed])[0] == 1.0


def test_who_is_well_keeps_its_place() -> None:
    slow = [a_call(n / 100, seconds=1.0) for n in range(12)]
    assert set(_shares([*slow, QUICK])) == {1 / 13}


def test_what_says_nothing_of_the_provider_is_not_counted() -> None:
    held = [a_call(1 + n / 100, error="BreakerOpen") for n in range(30)]
    failed = [a_call(n / 10, fault="error_500", seconds=0.01) for n in range(10)]
    assert _shares([*failed, *held]) == [1.0]
