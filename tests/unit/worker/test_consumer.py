"""A connection that is closed after its broker has gone away."""

from collections.abc import Callable
from typing import Any

import pytest
from celery.worker.consumer import Consumer
from kombu.connection import Connection

from worker.consumer import LastingConsumer

a_connection: Callable[[str], Any] = Connection  # kombu has no types


class GoneChannel:
    """As kombu's Redis channel is when its connection has lost its transport (kombu issue 582)."""

    def close(self) -> None:
        raise AttributeError("'NoneType' object has no attribute 'client'")


class BrokenChannel:
    """One with a real fault."""

    def close(self) -> None:
        raise ValueError("never heard of it")


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """How our consumer's connection closes a channel."""
    monkeypatch.setattr(Consumer, "connect", lambda _: a_connection("memory://"))
    found: Callable[[object], None]
    found = LastingConsumer.connect(LastingConsumer.__new__(LastingConsumer)).maybe_close_channel
    return found


def test_what_a_lost_connection_leaves_is_closed(close: Callable[[object], None]) -> None:
    with pytest.raises(AttributeError):
        a_connection("memory://").maybe_close_channel(GoneChannel())
    close(GoneChannel())


def test_another_fault_is_still_told(close: Callable[[object], None]) -> None:
    with pytest.raises(ValueError, match="never heard of it"):
        close(BrokenChannel())
