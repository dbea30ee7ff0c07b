"""Whoever has no breakers of its own sees them as the fleet does, and changes nothing by it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from config.guards import Breaker
from tasks.errors import CredentialRefused
from tasks.ports.guards import Ended
from tests.twins.breakers import MemoryBook
from tests.twins.clock import NOON
from worker.broker import server
from worker.broker.url import socket_url
from worker.chance import token, uniform
from worker.clock import SystemClock
from worker.guards.breakers import Breakers
from worker.guards.overview import overview
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.scribe import Scribe
from worker.guards.shared import SharedAway
from worker.ledgers.tripping import Trip
from worker.telemetry.log import Log

CONFIG = Breaker()
TRIP = Trip(name="facts", since=NOON, by="ada", why="a test of ours")


@pytest.fixture
def shared(server_: server.EmbeddedRedis, redis: Redis) -> Iterator[RedisShared]:
    del redis  # it is empty by now
    shared = RedisShared(connect(server_.url), SystemClock())
    yield shared
    shared.close()


def _breakers(shared: RedisShared) -> Breakers:
    return Breakers(
        CONFIG,
        shared,
        clock=SystemClock(),
        chance=uniform,
        token=token,
        scribe=Scribe(MemoryBook(), Log("test")),
        log=Log("test"),
    )


async def _call(breakers: Breakers, name: str, ended: Ended, times: int = 1) -> None:
    error = CredentialRefused("401", credential="K") if name.startswith("credential") else None
    for _ in range(times):
        breakers.report(await breakers.admit(name), ended, error)


def test_it_shows_what_some_process_knows_and_what_is_tripped(shared: RedisShared) -> None:
    began = SystemClock().now()
    breakers = _breakers(shared)
    asyncio.run(_call(breakers, "openai", Ended.FAILURE, CONFIG.least_calls))
    asyncio.run(_call(breakers, "helpdesk:rt", Ended.SUCCESS))
    asyncio.run(_call(breakers, "credential:K", Ended.FAILURE))
    breakers.sync()
    for _ in range(2):
        found = {one.name: one for one in overview(shared, [TRIP], CONFIG)}
        assert {name: one.state for name, one in found.items()} == {
            "credential:K": "open",
            "facts": "tripped",
            "helpdesk:rt": "closed",
            "openai": "open",
        }
        assert [name for name, one in found.items() if one.is_shut] == [
            "credential:K",
            "facts",
            "openai",
        ]
        since = found["openai"].since
        assert since is not None
        assert began <= since <= SystemClock().now()
        assert (found["facts"].since, found["facts"].by) == (NOON, "ada")


def test_where_nobody_has_told_of_any_there_are_those_that_are_tripped(shared: RedisShared) -> None:
    assert overview(shared, [], CONFIG) == ()
    assert [one.name for one in overview(shared, [TRIP], CONFIG)] == ["facts"]


def test_a_redis_that_is_away_says_so(tmp_path: Path) -> None:
    away = RedisShared(connect(socket_url(tmp_path / "nobody.sock")), SystemClock())
    with pytest.raises(SharedAway):
        overview(away, [TRIP], CONFIG)
