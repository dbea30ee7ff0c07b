"""The limits of the fleet hold, whoever comes when."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from config.guards import Limit
from tasks.ports.guards import Errand
from tests.properties.night import MINUTE, TERMS, Chance, Night
from tests.twins.clock import NOON
from worker.broker import server
from worker.guards.post import Script
from worker.guards.terms import CLOSED, arguments, keys_of

HOUR = 3_600.0


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with server.start(tmp_path_factory.mktemp("redis")) as started:
        client = Redis.from_url(started.client_url, decode_responses=True)
        yield client
        client.close()


CHANCES: st.SearchStrategy[Chance] = st.randoms(use_true_random=True)

nights = {
    "per_minute": st.sampled_from([2, 6, 20, 60, 150]),
    "minutes": st.floats(0.2, 4),
    "late": st.floats(0, 3),
    "lost": st.sampled_from([0.0, 0.005, 0.02]),
    "chance": CHANCES,
}
tried = settings(
    max_examples=10,
    phases=[Phase.generate],  # a night is long: one that fails is not made smaller
    suppress_health_check=[HealthCheck.too_slow],
)


def _arrivals(chance: Chance, per_minute: int, minutes: float) -> list[float]:
    """A backlog worth so many minutes at once, and as many again over the next five minutes."""
    many = round(per_minute * minutes)
    begin = [chance.uniform(0, 10) for _ in range(many)]
    return begin + [chance.uniform(0, 5 * MINUTE) for _ in range(many)]


@tried
@given(**nights)
def test_no_minute_has_more_than_the_limit_and_none_is_wasted_and_all_get_their_turn(
    redis: Redis, per_minute: int, minutes: float, late: float, lost: float, chance: Chance
) -> None:
    """Never above the limit in any 60 s, nine tenths of it while somebody waits, first come first.

    Whatever the arrivals, and although those who wait come late, or never.
    """
    limit = Limit(upstream="openai", requests_per_minute=per_minute)
    night = Night(redis=redis, limit=limit, late=late, lost=lost, chance=chance)
    night.pass_(_arrivals(chance, per_minute, minutes), 1_500.0)
    assert night.most_in(TERMS.span - 0.001) <= per_minute  # Redis keeps microseconds
    assert night.share_used() >= 0.9
    assert set(night.given) | night.gone == set(night.begun), "somebody waits for ever"
    for who, (at, _) in night.given.items():
        turn = (night.ahead[who] + 1) * MINUTE / per_minute / 0.9
        assert at - night.begun[who] <= turn + MINUTE, who


@tried
@given(
    tokens_per_minute=st.sampled_from([10_000, 200_000]),
    size=st.sampled_from([0.01, 0.2, 1.3]),
    late=st.floats(0, 3),
    chance=CHANCES,
)
def test_no_minute_has_more_tokens_than_the_limit_unless_one_request_alone_has(
    redis: Redis, tokens_per_minute: int, size: float, late: float, chance: Chance
) -> None:
    """The tokens that were asked for, in any 60 s; what is larger than the limit goes alone."""
    limit = Limit(upstream="openai", tokens_per_minute=tokens_per_minute)
    most_tokens = int(size * tokens_per_minute)
    night = Night(
        redis=redis, limit=limit, late=late, lost=0.01, chance=chance, most_tokens=most_tokens
    )
    night.pass_([chance.uniform(0, 60) for _ in range(min(300, int(10 / size)))], 1_800.0)
    assert night.most_tokens_in(MINUTE) <= max(tokens_per_minute, most_tokens)
    assert set(night.given) | night.gone == set(night.begun), "somebody waits for ever"


@tried
@given(chance=CHANCES, flushed_at=st.floats(0, 200))
def test_a_redis_that_forgets_everything_is_in_order_again_by_itself(
    redis: Redis, chance: Chance, flushed_at: float
) -> None:
    """FLUSHALL costs no more than a few requests above the limit, once, and nobody's turn."""
    limit = Limit(upstream="openai", requests_per_minute=60)
    night = Night(redis=redis, limit=limit, late=3, lost=0, chance=chance, flushed_at=flushed_at)
    night.pass_(_arrivals(chance, 60, 3), 1_500.0)
    assert night.most_in(MINUTE) <= 60 + 4
    assert set(night.given) == set(night.begun)
    assert night.share_used() >= 0.9


@tried
@given(chance=CHANCES, per_minute=st.sampled_from([30, 60, 150]))
def test_a_flood_in_one_lane_does_not_keep_the_others_waiting(
    redis: Redis, chance: Chance, per_minute: int
) -> None:
    """Lanes take turns; the cheap lane is not starved either."""
    limit = Limit(upstream="openai", requests_per_minute=per_minute)
    night = Night(redis=redis, limit=limit, late=3, lost=0, chance=chance)
    flood = [chance.uniform(0, 10) for _ in range(per_minute * 8)]
    dear = [chance.uniform(60, 360) for _ in range(per_minute)]
    night.pass_(flood + dear, 1_500.0, dear)
    assert set(night.given) == set(night.begun)
    assert night.waits("dear")[-1] < 30
    assert night.waits("")[-1] < 10 * MINUTE + 30
    assert night.share_used() >= 0.9


@tried
@given(chance=CHANCES, per_minute=st.sampled_from([6, 20, 60]))
def test_a_line_that_never_comes_back_stops_nobody(
    redis: Redis, chance: Chance, per_minute: int
) -> None:
    """Its tier was paused, or a person dropped it: others are let through all the while."""
    limit = Limit(upstream="openai", requests_per_minute=per_minute)
    night = Night(redis=redis, limit=limit, late=3, lost=0, chance=chance, doomed_until=10.0)
    doomed = [chance.uniform(0, 10) for _ in range(per_minute * 25)]
    others = [chance.uniform(20, 320) for _ in range(per_minute * 5)]
    night.pass_(doomed + others, 1_500.0)
    assert set(night.given) | night.gone == set(night.begun)
    assert night.waits("")[-1] < 10 * MINUTE + 90
    assert sum(at < 320 for at in night.times) > 2 * per_minute


@settings(max_examples=1, phases=[Phase.generate])
@given(chance=CHANCES)
def test_the_script_leaves_no_key_that_never_goes(redis: Redis, chance: Chance) -> None:
    """Each key has a time to live, so that a limit that is taken back leaves nothing."""
    limit = Limit(upstream="openai", requests_per_minute=2, tokens_per_minute=500)
    night = Night(redis=redis, limit=limit, late=3, lost=0, chance=chance, most_tokens=200)
    night.pass_([0.0] * 20, 30.0)
    kept = {key: redis.pttl(key) for key in redis.scan_iter()}
    assert len(kept) > 4
    assert all(left > 0 for left in kept.values()), kept


def test_a_redis_whose_clock_was_set_back_goes_on_at_once(redis: Redis) -> None:
    """What it has from a time that has not come yet says nothing; the limit holds meanwhile."""
    redis.flushall()
    take = redis.register_script(Script.LIMIT_TAKE.text)
    limit = Limit(upstream="openai", requests_per_minute=60)

    def crowd(begin: float) -> list[float]:
        """When those were let through who asked in a minute, one each half second."""
        given = []
        for number in range(120):
            at = begin + number / 2
            who = f"{begin} {number}"
            errand = Errand(upstream="openai", whose=who)
            asked = arguments(errand, limit, who, TERMS, NOON + at)
            may, wait, *_ = take(keys_of("openai", who), asked)
            given += [at + float(wait)] if may else []
        return given

    assert len(crowd(HOUR)) > 30
    redis.hset(CLOSED, "openai", NOON + HOUR + 30)
    given = crowd(0.0)
    assert len(given) > 30
    assert max(sum(at <= other < at + MINUTE for other in given) for at in given) <= 60
