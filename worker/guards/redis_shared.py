"""Breakers that are shared through Redis."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tasks.ports.clock import Clock
from worker.broker.url import client_url
from worker.guards.scripts import LEASE, RESET, SYNC
from worker.guards.shared import Heard, Lease, Record, SharedAway, State, Told

NAMES = "triage:breakers"
ANSWER_SECONDS = 0.5
"""A Redis that takes longer is away: each process then does without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A breaker as it lies in Redis, for who looks at it from outside."""

    name: str
    heard: Heard


def connect(broker_url: str) -> "Redis":
    """A client that gives up within a second and tries nothing twice."""
    return Redis.from_url(
        client_url(broker_url),
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class RedisShared:
    """Keeps the promise of worker.guards.shared.Shared. Thread-safe."""

    def __init__(self, redis: "Redis", clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._ahead: float | None = None  # its milliseconds less our monotonic ones
        self._sync = redis.register_script(SYNC)
        self._lease = redis.register_script(LEASE)
        self._reset = redis.register_script(RESET)

    def close(self) -> None:
        """Closes the connections."""
        self._redis.close()

    def sync(self, told: Sequence[Told]) -> Sequence[Heard]:
        """Tells and hears in one round trip."""
        keys = [NAMES, *(key for one in told for key in keys_of(one.name))]
        said = json.dumps([_flat(one) for one in told])
        now, *found = self._run(self._sync, keys, said)
        return [_heard(row, now) for row in found]

    def lease(self, name: str, generation: int, wanted: Lease) -> float | None:
        """None: it is leased; else when to ask again. A negative number: hear the news first."""
        state, _, probe = keys_of(name)
        milliseconds = int(wanted.seconds * 1000)
        _, wait = self._run(self._lease, [state, probe], generation, wanted.token, milliseconds)
        return None if wait == 0 else wait / 1000

    def names(self) -> Sequence[str]:
        """Every breaker that was told of within a day."""
        with spoken():
            found = cast("list[bytes]", self._redis.zrange(NAMES, 0, -1))
        return sorted(name.decode() for name in found)

    def reset(self, name: str) -> None:
        """It is closed, whatever was known of it."""
        self._run(self._reset, [NAMES, *keys_of(name)], name)

    def look(self, names: Sequence[str], window: float) -> Sequence[Seen]:
        """How each of these stands that is there; nothing is changed."""
        with spoken(), self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for name in names:
                state, calls, probe = keys_of(name)
                pipe.hmget(state, FIELDS)
                pipe.hgetall(calls)
                pipe.pttl(probe)
            (seconds, micros), *found = pipe.execute()
        now = seconds * 1000 + micros / 1000
        rows = zip(names, found[::3], found[1::3], found[2::3], strict=True)
        return [
            Seen(name=name, heard=_heard([*state, 0, *_sum(calls, now, window), ttl], now))
            for name, state, calls, ttl in rows
            if state[0] is not None
        ]

    def _run(self, script: Any, keys: Sequence[str], *args: object) -> list[Any]:  # noqa: ANN401 - redis-py's own
        """What the script answers; the first of it is Redis' time. Raises SharedAway."""
        sent = self._clock.monotonic() * 1000
        deadline = 0 if self._ahead is None else int(sent + self._ahead + ANSWER_SECONDS * 1000)
        with spoken():
            answer: list[Any] = script(keys=keys, args=[deadline, *args])
        self._ahead = answer[0] - self._clock.monotonic() * 1000
        if len(answer) == 1 and script is not self._reset:
            raise SharedAway("it did this too late")
        return answer


FIELDS = ["generation", "state", "since", "interval", "until", "closed_at", "cause"]


def keys_of(name: str) -> tuple[str, str, str]:
    """State, calls and lease of a breaker."""
    key = f"triage:breaker:{name}"
    return key, f"{key}:calls", f"{key}:probe"


@contextmanager
def spoken() -> Iterator[None]:
    """Within it, whatever Redis does not answer is raised as SharedAway."""
    try:
        yield
    except RedisError as error:
        raise SharedAway(type(error).__name__) from error


def _flat(told: Told) -> dict[str, object]:
    record = told.record
    return {
        **asdict(record),
        "closed_ago": -1 if record.closed_ago is None else record.closed_ago,
        "name": told.name,
        "heard": told.heard,
        "counts": told.counts,
        "last": told.last,
        "most": told.most,
        "counted_in": told.counted_in,
        "window": told.window,
        **({"probe": asdict(told.probe)} if told.probe else {}),
        **({"back": asdict(told.back)} if told.back else {}),
    }


def _heard(row: list[Any], now: float) -> Heard:
    generation, state, since, interval, until, closed_at, cause, took, good, bad, last, ttl = row
    return Heard(
        record=Record(
            generation=int(generation),
            state=cast("State", state.decode()),
            since=float(since),
            interval=float(interval),
            due_in=max(0.0, (int(until) - now) / 1000),
            closed_ago=max(0.0, (now - int(closed_at)) / 1000) if int(closed_at) else None,
            cause=cause.decode(),
        ),
        took=bool(took),
        successes=good,
        failures=bad,
        last=last.decode(),
        probe_in=max(0.0, ttl / 1000),
    )


def _sum(calls: dict[bytes, bytes], now: float, window: float) -> tuple[int, int, bytes]:
    found = {b"good": 0, b"bad": 0}
    last = calls.pop(b"last", b"")
    for field, count in calls.items():
        second, _, kind = field.partition(b":")
        if int(second) >= now / 1000 - window:
            found[kind] += int(count)
    return found[b"good"], found[b"bad"], last
