"""Celery's consumer, which a broker that goes away does not end."""

from typing import Any

from celery.worker.consumer import Consumer


class LastingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Closes what a lost connection has left behind without falling over it.

    kombu's Redis channel, being closed, asks a connection for its address that is gone already,
    which raises AttributeError (kombu issue 582). Celery takes that for a bug of its own and ends
    the worker. `channel_errors` are what it ignores when it cleans up, and nothing else.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - Celery's own
        super().__init__(*given, **named)
        errors: tuple[type[Exception], ...] = self.conninfo.channel_errors
        self.channel_errors = (*errors, AttributeError)
