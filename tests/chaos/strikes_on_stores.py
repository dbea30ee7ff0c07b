"""What the nemesis does to Redis, PostgreSQL and the disk that they are on."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from config.tiers import TIERS
from tests.chaos.plan import Kind, Strike
from tests.chaos.strikes_on_processes import Told

if TYPE_CHECKING:
    from tests.chaos.nemesis import Nemesis


def redis_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """It comes back empty."""
    return _redis_dies(nemesis, strike, keeps=False)


def redis_kill_kept(nemesis: "Nemesis", strike: Strike) -> Told:
    """It comes back with what it wrote down: all but the last second."""
    return _redis_dies(nemesis, strike, keeps=True)


def _redis_dies(nemesis: "Nemesis", strike: Strike, *, keeps: bool) -> Told:
    broker = nemesis.arena.broker
    if "redis" in nemesis.away or not broker.is_up():
        return None
    if keeps:
        broker.keep()
    broker.kill()
    lost = nemesis.weather.shaken if keeps else nemesis.weather.forgotten
    lost.append(time.time())
    nemesis.goes("redis", strike.down, lambda: broker.start(keeps=keeps))
    return {}


def redis_full(nemesis: "Nemesis", strike: Strike) -> Told:
    """It refuses every write."""
    if "redis" in nemesis.away:
        return None
    broker = nemesis.arena.broker
    broker.limit(full=True)
    nemesis.goes("redis", strike.down, lambda: broker.limit(full=False))
    return {}


def flushall(nemesis: "Nemesis", _: Strike) -> Told:
    """As somebody does who has mistaken the machine."""
    client = nemesis.arena.broker.client
    with suppress(RedisError):
        queued = sum(client.llen(tier) for tier in TIERS)
        client.flushall()
        nemesis.weather.forgotten.append(time.time())
        return {"queued": queued}
    return None


def queue_gone(nemesis: "Nemesis", strike: Strike) -> Told:
    """One of the three."""
    client, tier = nemesis.arena.broker.client, TIERS[strike.victim % len(TIERS)]
    with suppress(RedisError):
        queued = client.llen(tier)
        client.delete(tier)
        return {"queue": tier, "queued": queued}
    return None


def disk_full(nemesis: "Nemesis", strike: Strike) -> Told:
    """Under ledger and Redis alike."""
    if "disk" in nemesis.away:
        return None
    nemesis.arena.disk.fill()
    nemesis.goes("disk", strike.down, nemesis.arena.disk.free)
    return {}


def postgres_kill(nemesis: "Nemesis", strike: Strike) -> Told:
    """The server and all its children."""
    database = nemesis.arena.database
    if database is None or "postgres" in nemesis.away or not database.is_up():
        return None
    database.crash()
    nemesis.goes("postgres", strike.down, database.restart)
    return {}


def backends_gone(nemesis: "Nemesis", _: Strike) -> Told:
    """As before a planned restart of the server."""
    database = nemesis.arena.database
    if database is None or "postgres" in nemesis.away:
        return None
    database.terminate_backends()
    return {}


STRIKES: dict[Kind, Callable[["Nemesis", Strike], Told]] = {
    Kind.REDIS_KILL: redis_kill,
    Kind.REDIS_KILL_KEPT: redis_kill_kept,
    Kind.REDIS_FULL: redis_full,
    Kind.FLUSHALL: flushall,
    Kind.QUEUE_GONE: queue_gone,
    Kind.DISK_FULL: disk_full,
    Kind.POSTGRES_KILL: postgres_kill,
    Kind.BACKENDS_GONE: backends_gone,
}
