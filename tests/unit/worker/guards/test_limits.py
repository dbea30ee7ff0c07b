"""One process' limits: the door that is closed, the wait in place, and Redis away."""

import asyncio
from math import inf, nan

import pytest
from redis import Redis

from config.guards import Limit
from tasks.errors import RateLimited
from tasks.ports.guards import Errand
from tests.acceptance.patience import until
from tests.twins.clock import StillClock
from worker.clock import SystemClock
from worker.guards.alone import CAUTION, GUESS
from worker.guards.limits import BETWEEN, Limits
from worker.guards.post import Post
from worker.guards.terms import CLOSED

LIMIT = Limit(upstream="openai", requests_per_minute=60)
ENTRIES = "triage:limits:openai:entries"


def _errand(whose: str | None = None) -> Errand:
    return Errand(upstream="openai", whose=whose)


def _told(limits: Limits, *seconds: float | None) -> None:
    for one in seconds:
        limits.told("openai", one)


def _waits(limits: Limits, whose: str | None = None) -> float:
    """Seconds that it is told to wait; 0: it may go on."""
    try:
        asyncio.run(limits.take(_errand(whose)))
    except RateLimited as error:
        return error.retry_after or 0.0
    return 0.0


@pytest.mark.parametrize("nonsense", [None, nan, inf, -inf, -1.0, 0.0])
def test_what_is_no_time_to_wait_closes_nothing(
    no_post: Post, clock: StillClock, nonsense: float | None
) -> None:
    """A Retry-After of yesterday, of never, of nothing."""
    limits = Limits((), no_post, me="a", clock=clock)
    _told(limits, nonsense)
    assert limits.standing("openai") == {}
    assert _waits(limits) == 0


def test_an_upstream_that_asks_to_be_left_alone_is_for_a_minute_at_most(
    no_post: Post, clock: StillClock
) -> None:
    """The longest word counts, and after a minute the door opens, whatever was said."""
    limits = Limits((), no_post, me="a", clock=clock)
    _told(limits, 7_200.0, 3.0)
    assert limits.standing("openai") == {"limit_closed": 60.0}
    assert 60 <= _waits(limits) < 61
    clock.at += 60.0
    assert _waits(limits) == 0
    assert limits.standing("openai") == {}


def test_those_who_wait_at_a_door_without_a_limit_do_not_come_all_at_once(
    no_post: Post, clock: StillClock
) -> None:
    """Each is told a little later than the one before; anew when it closes again."""
    limits = Limits((), no_post, me="a", clock=clock)
    for _ in range(2):
        _told(limits, 5.0)
        told = [_waits(limits) for _ in range(3)]
        step = BETWEEN * GUESS
        assert told == pytest.approx([5 + step, 5 + 2 * step, 5 + 3 * step])
        clock.at += 5.0
        assert _waits(limits) == 0


def test_without_redis_a_process_keeps_to_its_share(no_post: Post, clock: StillClock) -> None:
    """A fourth of the limit, as long as nobody has counted the processes; nobody hears of it."""
    limits = Limits((LIMIT,), no_post, me="a", clock=clock)
    assert _waits(limits) == 0
    assert _waits(limits) == pytest.approx(GUESS * CAUTION)
    clock.at += GUESS * CAUTION + 0.001
    assert _waits(limits) == 0


def test_without_redis_a_closed_door_stays_closed(no_post: Post, clock: StillClock) -> None:
    """What this process itself was told it need not be told by Redis."""
    limits = Limits((LIMIT,), no_post, me="a", clock=clock)
    _told(limits, 30.0)
    assert _waits(limits) == 30


def test_who_is_refused_is_told_when_and_finds_room_then(redis: Redis, post: Post) -> None:
    """The limit's name and size are said; who comes back is let through, before a newcomer."""
    limits = Limits((LIMIT,), post, me="a", clock=SystemClock(), pause=_not)
    while not (wait := _waits(limits, "first")):
        pass
    assert 1 <= wait <= 2
    with pytest.raises(RateLimited, match="openai is limited to 60 requests a minute"):
        asyncio.run(limits.take(_errand("second")))
    assert redis.zrange("triage:limits:openai:line:", 0, -1) == ["first", "second"]
    assert limits.standing("openai")["limit_waiting"] == 2


async def _not(_seconds: float) -> None:
    """Nobody waits."""


def test_who_is_cancelled_while_it_waits_gives_its_room_back(redis: Redis, post: Post) -> None:
    """Nothing was asked of the provider, so it does not count."""

    async def hang_up(_seconds: float) -> None:
        raise asyncio.CancelledError

    limit = Limit(upstream="openai", requests_per_minute=120)
    limits = Limits((limit,), post, me="a", clock=SystemClock(), pause=hang_up)

    async def take_all() -> int:
        taken = 0
        while True:
            try:
                await limits.take(_errand())
            except asyncio.CancelledError:
                return taken
            taken += 1

    taken = asyncio.run(take_all())
    post.stop()
    assert redis.zcard(ENTRIES) == taken


def test_a_key_of_somebody_elses_does_no_harm(redis: Redis, post: Post) -> None:
    """A script that fails is as a Redis that is away, for that one question."""
    redis.set(ENTRIES, "what is this")
    limits = Limits((LIMIT,), post, me="a", clock=SystemClock())
    assert _waits(limits) == 0
    assert not post.away


def test_the_share_is_of_the_processes_that_were_seen_lately(redis: Redis, post: Post) -> None:
    """Each says in its rounds that it is there."""
    crowd = [Limits((LIMIT,), post, me=f"p{n}", clock=SystemClock()) for n in range(10)]
    post.start()
    while redis.zcard("triage:limits:processes") < 10:
        pass
    post.stop()
    waits = [_waits(crowd[0]) for _ in range(2)]
    assert waits == [0, pytest.approx(10 * CAUTION, abs=0.5)]


def test_what_a_redis_says_whose_clock_was_set_back_closes_no_door(
    redis: Redis, post: Post
) -> None:
    """Every process would keep it closed for as long, whatever Redis says later on."""
    limits = Limits((LIMIT,), post, me="a", clock=SystemClock())
    at, _ = redis.time()
    redis.hset(CLOSED, mapping={"openai": at + 3_600, "anthropic": at + 30})
    post.start()
    until(lambda: limits.standing("anthropic"))
    post.stop()
    assert limits.standing("openai") == {}
    assert redis.hkeys(CLOSED) == ["anthropic"]
