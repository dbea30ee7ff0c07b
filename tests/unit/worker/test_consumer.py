"""A connection that is closed after its broker has gone away."""

import pytest
from celery.worker.consumer import Consumer
from kombu import Connection

from worker.consumer import LastingConsumer


class GoneChannel:
    """As kombu's Redis channel is when its connection has lost its transport (kombu issue 582)."""

    def close(self) -> None:
        raise AttributeError("'NoneType' object has no attribute 'client'")


class BrokenChannel:
    """One with a real fault."""

    def close(self) -> None:
        raise ValueError("never heard of it")


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(Consumer, "connect", lambda _: Connection("memory://"))
    return LastingConsumer.connect(LastingConsumer.__new__(LastingConsumer))


def test_what_a_lost_connection_leaves_is_closed(connection: Connection) -> None:
    with pytest.raises(AttributeError):
        Connection("memory://").maybe_close_channel(GoneChannel())
    connection.maybe_close_channel(GoneChannel())


def test_another_fault_is_still_told(connection: Connection) -> None:
    with pytest.raises(ValueError, match="never heard of it"):
        connection.maybe_close_channel(BrokenChannel())
