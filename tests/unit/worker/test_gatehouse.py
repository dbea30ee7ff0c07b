"""How a guard stands to those that it holds back."""

import pytest

from worker.gatehouse import way_of, way_of_money
from worker.guards.standing import Standing, StandingState
from worker.upkeep.releasing import Way


def _stands(state: StandingState, probe_in: float | None = None) -> Standing:
    return Standing(
        name="x", state=state, since=None, failing=None, calls=0, probe_in=probe_in, lets=0.0
    )


@pytest.mark.parametrize(
    ("standing", "way"),
    [
        (_stands("closed"), Way.OPEN),
        (_stands("ramp"), Way.RAMP),
        (_stands("open", 3.0), Way.SHUT),
        (_stands("open", 0.0), Way.PROBE),
        (_stands("probing"), Way.SHUT),
        (_stands("tripped"), Way.SHUT),
        (None, Way.SHUT),
    ],
)
def test_a_breaker_lets_its_crowd_go_as_it_stands(standing: Standing | None, way: Way) -> None:
    """One that this process has not heard of yet may be shut."""
    assert way_of("openai", standing, ()) is way


def test_without_the_guard_nobody_is_held_but_by_a_key_that_is_wrong() -> None:
    """Who was held back before it was switched off goes within seconds."""
    shut = _stands("open", 30.0)
    assert way_of("openai", shut, {"breaker"}) is Way.OPEN
    assert way_of("credential:KEY", shut, {"breaker"}) is Way.SHUT
    assert way_of("model:openai/x", shut, {"breaker"}) is Way.SHUT
    assert way_of("openai", shut, {"money"}) is Way.SHUT


WAYS = (
    (0, 300, Way.SHUT),
    (-5, None, Way.SHUT),
    (299, 300, Way.PROBE),
    (300, 300, Way.OPEN),
    (1, None, Way.PROBE),
)


@pytest.mark.parametrize(("left", "needed", "way"), WAYS)
def test_a_crowd_goes_on_only_where_a_call_fits(left: int, needed: int | None, way: Way) -> None:
    """Else five thousand would try for the last cent, every second until midnight."""
    assert way_of_money(left, needed) is way
