"""One question is one request at most, whatever a library and a guard make of it."""

import pytest

from tasks.errors import BreakerOpen
from worker.models.exchange import Exchange, SecondRequest

SHUT = BreakerOpen("by now", dependency="openai", retry_after=5.0)


def test_what_was_sent_is_not_sent_again() -> None:
    """A library that tries again is told so."""
    exchange = Exchange(timeout_seconds=1)
    exchange.send()
    with pytest.raises(SecondRequest):
        exchange.send()


def test_what_was_held_back_is_not_sent_either() -> None:
    """Not even where the guard would let it through by now: whoever asked was told otherwise."""
    answers = iter([SHUT, None])

    def look() -> None:
        if shut := next(answers):
            raise shut

    exchange = Exchange(timeout_seconds=1, look=look)
    with pytest.raises(BreakerOpen):
        exchange.send()
    assert (exchange.held, exchange.sent) == (SHUT, False)
    with pytest.raises(SecondRequest):
        exchange.send()
    assert not exchange.sent


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (100.0, 10.0),  # it left at once
        (103.0, 7.0),
        (105.0, 5.0),
        (109.0, 5.0),  # whoever is asked has half of it, however late we are
        (200.0, 5.0),
        (90.0, 10.0),
    ],
)
def test_our_own_delay_is_a_part_of_the_timeout(now: float, left: float) -> None:
    assert Exchange(timeout_seconds=10, until=110.0).left(now) == left


@pytest.mark.parametrize(("timeout", "left"), [(0.5, 0.5), (1.5, 1.0), (2.0, 1.0), (30.0, 15.0)])
def test_of_a_short_timeout_a_second_is_left(timeout: float, left: float) -> None:
    """A busy machine is late by half a second now and then."""
    assert Exchange(timeout_seconds=timeout, until=100.0).left(200.0) == left


def test_where_nobody_waits_for_a_slot_it_has_all_of_it() -> None:
    assert Exchange(timeout_seconds=10).left(1_000.0) == 10
