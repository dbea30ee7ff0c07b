"""What only a Redis can do to breakers: be away, hang, be looked at and reset from outside."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contracts.tellings import MINE, NEW, knows, opened
from worker.broker import server
from worker.clock import SystemClock
from worker.guards.redis_shared import RedisShared, connect, keys_of
from worker.guards.shared import SharedAway


def test_a_redis_that_is_not_there_is_away_at_once(tmp_path: Path) -> None:
    shared = RedisShared(connect(f"redis+socket://{tmp_path}/none.sock"), SystemClock())
    for ask in (
        lambda: shared.sync([NEW]),
        lambda: shared.lease("x", 1, MINE),
        shared.names,
        lambda: shared.look(["x"], 30),
        lambda: shared.reset("x"),
    ):
        with pytest.raises(SharedAway):
            ask()
    shared.close()


@pytest.mark.alone
def test_what_a_hung_redis_does_later_is_not_done(redis: server.EmbeddedRedis) -> None:
    """It carries out what lies in its sockets: nobody waits for that, and it was told anew."""
    client = connect(redis.url)
    client.flushall()
    shared = RedisShared(client, SystemClock())
    [known] = shared.sync([NEW])
    counts = replace(knows(known), counts=((0.0, 0, 1),))
    os.kill(redis.pid, signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(SharedAway):
            shared.sync([counts])
    assert time.monotonic() - began < 3.0
    time.sleep(0.2)
    os.kill(redis.pid, signal.SIGCONT)
    [heard] = shared.sync([knows(known)])
    assert heard.failures == 0
    shared.close()


def test_a_reset_closes_it_for_everybody_whatever_they_knew(redis: server.EmbeddedRedis) -> None:
    client = connect(redis.url)
    client.flushall()
    shared = RedisShared(client, SystemClock())
    [known] = shared.sync([NEW])
    [heard] = shared.sync([replace(opened(known, 60.0), counts=((0.0, 0, 10),))])
    shared.reset("x")
    [after] = shared.sync([knows(heard)])
    assert (after.record.state, after.failures) == ("closed", 0)
    assert after.record.generation > heard.record.generation
    shared.close()


def test_a_name_that_nobody_tells_of_any_more_goes_after_a_day(
    redis: server.EmbeddedRedis,
) -> None:
    client = connect(redis.url)
    client.flushall()
    shared = RedisShared(client, SystemClock())
    shared.sync([replace(NEW, name="old"), NEW])
    client.zadd("triage:breakers", {"old": 1.0})
    shared.sync([NEW])
    assert list(shared.names()) == ["x"]
    shared.close()


def test_who_looks_from_outside_changes_nothing(redis: server.EmbeddedRedis) -> None:
    client = connect(redis.url)
    client.flushall()
    shared = RedisShared(client, SystemClock())
    assert list(shared.look(["x"], 30.0)) == []
    [known] = shared.sync([NEW])
    shared.sync([replace(opened(known, 60.0), counts=((0.0, 1, 9),))])
    before = client.dump("triage:breaker:x")
    [seen] = shared.look(["x", "y"], 30.0)
    assert (seen.name, seen.heard.record.state) == ("x", "open")
    assert (seen.heard.successes, seen.heard.failures) == (1, 9)
    assert client.dump("triage:breaker:x") == before
    shared.close()


def test_how_the_last_calls_ended_is_kept_beyond_their_window(redis: server.EmbeddedRedis) -> None:
    """Where few ask, an outage is known by failures that are far apart."""
    client = connect(redis.url)
    client.flushall()
    shared = RedisShared(client, SystemClock())
    [known] = shared.sync([NEW])
    shared.sync([replace(knows(known), window=2.0, counts=((0.0, 0, 1),), last="x")])
    _, calls, _ = keys_of("x")
    assert 3_600 < int(client.ttl(calls)) <= 86_400
    shared.close()
