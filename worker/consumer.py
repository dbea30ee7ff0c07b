"""Celery's consumer, which a broker that goes away does not end."""

from contextlib import suppress
from typing import Any

from celery.worker.consumer import Consumer


class LastingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Closes what a lost connection has left behind without falling over it.

    kombu's Redis channel, being closed, asks a connection for its address that is gone already,
    which raises AttributeError (kombu issue 582). Celery takes that for a bug of its own and ends
    the worker.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - Celery's own
        super().__init__(*given, **named)
        # What is ignored when channels are closed that its parts opened, and nothing else.
        errors: tuple[type[Exception], ...] = self.conninfo.channel_errors
        self.channel_errors = (*errors, AttributeError)

    def connect(self) -> Any:  # noqa: ANN401 - kombu's connection
        """A connection whose own channel can be closed when it is gone."""
        connection = super().connect()
        close = connection.maybe_close_channel

        def close_what_is_left(channel: object) -> None:
            with suppress(AttributeError):
                close(channel)

        connection.maybe_close_channel = close_what_is_left
        return connection
