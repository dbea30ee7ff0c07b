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
