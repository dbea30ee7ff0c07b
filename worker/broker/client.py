"""A client of the broker's Redis, that tries each command once."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.broker.url import client_url


def client(broker_url: str, *, connect: float, answer: float, text: bool = False) -> Redis:
    """Waits for at most so many seconds to be connected, and then for each answer.

    `text`: answers are strings, not bytes. Raises RefusedToStart for a URL of another kind.
    """
    return Redis.from_url(
        client_url(broker_url),
        socket_connect_timeout=connect,
        socket_timeout=answer,
        decode_responses=text,
        # The caller knows whether to try again; a second try hidden here would double a push.
        retry=Retry(NoBackoff(), 0),
    )
