"""Which limits are at their bound, and how many retries are left: read from Redis, for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from config.guards import Guards, Limit
from worker.broker.client import client
from worker.broker.errors import BrokerDown
from worker.guards.post import Script
from worker.guards.retry_budget import KEYS, WINDOW_SECONDS, arguments
from worker.guards.terms import CLOSED, Terms, keys_of, root_of

WAIT_SECONDS = 2.0
NEAR = 0.9
"""Of a limit: whoever comes now may have to wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AtBound:
    """An upstream that is not asked as often as it might be."""

    upstream: str
    requests: int  # in the last minute
    requests_per_minute: int | None
    tokens: int
    tokens_per_minute: int | None
    waiting: int  # runs that were told when to come
    closed_seconds: float  # for which it still asked to be left alone; 0: it did not

    def __str__(self) -> str:
        said = []
        if self.closed_seconds:
            said.append(f"left alone for {self.closed_seconds:.0f} s more, as it asked")
        if self.requests_per_minute:
            said.append(f"{self.requests} of {self.requests_per_minute} requests a minute")
        if self.tokens_per_minute:
            said.append(f"{self.tokens} of {self.tokens_per_minute} tokens a minute")
        if self.waiting:
            said.append(f"{self.waiting} wait")
        return ", ".join(said)

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttled:
    """What holds the fleet back, where anything does."""

    limits: tuple[AtBound, ...] = ()
    retries: tuple[int, int] | None = None  # left, and allowed in a minute; None: none was made


def look(broker_url: str, guards: Guards) -> Throttled:
    """How limits and retries stand now. Raises BrokerDown."""
    redis = client(broker_url, connect=WAIT_SECONDS, answer=WAIT_SECONDS, text=True)
    try:
        return Throttled(limits=tuple(_limits(redis, guards)), retries=_retries(redis, guards))
    except RedisError as error:
        raise BrokerDown(type(error).__name__) from error
    finally:
        redis.close()


def _limits(redis: Redis, guards: Guards) -> Iterable[AtBound]:
    seconds, micros = redis.time()
    now = seconds + micros / 1e6
    closed = {str(name): float(until) - now for name, until in redis.hgetall(CLOSED).items()}
    shut = {name: left for name, left in closed.items() if left > 0}
    limits = {limit.upstream: limit for limit in guards.limits}
    for name in dict.fromkeys((*limits, *shut)):
        found = _stands(redis, name, limits.get(name), now=now, closed=shut.get(name, 0.0))
        if found.closed_seconds or found.waiting or _is_near(found):
            yield found


def _stands(
    redis: Redis, upstream: str, limit: Limit | None, *, now: float, closed: float
) -> AtBound:
    terms = Terms()
    entries, _, lanes, *_ = keys_of(upstream, None)
    told = [f"{root_of(upstream)}:told:{lane}" for lane in map(str, redis.smembers(lanes))]
    made = cast("list[str]", redis.zrangebyscore(entries, now - terms.window, "+inf"))
    weighed = sum(int(entry.rpartition(":")[2]) for entry in made)
    by_visit = limit is not None and limit.by_visit
    return AtBound(
        upstream=upstream,
        requests=weighed if by_visit else len(made),
        requests_per_minute=limit.requests_per_minute if limit else None,
        tokens=0 if by_visit else weighed,
        tokens_per_minute=limit.tokens_per_minute if limit else None,
        waiting=sum(redis.zcount(key, now - terms.hold, "+inf") for key in told),
        closed_seconds=round(closed, 1),
    )


def _is_near(stands: AtBound) -> bool:
    pairs = (
        (stands.requests, stands.requests_per_minute),
        (stands.tokens, stands.tokens_per_minute),
    )
    return any(most is not None and made >= NEAR * most for made, most in pairs)


def _retries(redis: Redis, guards: Guards) -> tuple[int, int] | None:
    asked = arguments(guards.retries, "", 0, WINDOW_SECONDS)
    text = Script.RETRY_TAKE.text
    _, _, made, allowed = cast("list[int]", redis.eval(text, len(KEYS), *KEYS, *asked))
    return (max(0, allowed - made), allowed) if made else None
