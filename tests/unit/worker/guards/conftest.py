"""A Redis for the guards, and one that is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.twins.clock import StillClock
from worker.broker import server
from worker.broker.client import client
from worker.broker.url import socket_url
from worker.clock import SystemClock
from worker.guards.post import Post
from worker.telemetry.log import Log


def a_post(url: str) -> Post:
    """Makes a round every 20 ms."""
    redis = client(url, connect=1, answer=1, text=True)
    return Post(redis, clock=SystemClock(), log=Log("guards"), every=0.02)


@pytest.fixture(scope="session")
def server_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture
def redis(server_: server.EmbeddedRedis) -> Iterator[Redis]:
    """Empty."""
    redis = Redis.from_url(server_.client_url, decode_responses=True)
    redis.flushall()
    yield redis
    redis.close()


@pytest.fixture
def post(server_: server.EmbeddedRedis, redis: Redis) -> Iterator[Post]:
    """The way to it."""
    post = a_post(server_.url)
    yield post
    post.stop()


@pytest.fixture
def no_post(tmp_path: Path) -> Iterator[Post]:
    """The way to where nobody is."""
    post = a_post(socket_url(tmp_path / "nobody.sock"))
    yield post
    post.stop()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()
