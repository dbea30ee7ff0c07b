"""The fleet's retries stay a share of what succeeds, whatever happens when."""

from collections.abc import Iterator
from itertools import pairwise
from math import floor

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from config.guards import Retries
from tests.properties.night import Chance
from tests.twins.clock import NOON
from worker.broker import server
from worker.guards.post import Script
from worker.guards.retry_budget import KEYS, arguments

MINUTE = 60.0
MEMORY = 300.0
CHANCES: st.SearchStrategy[Chance] = st.randoms(use_true_random=True)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with server.start(tmp_path_factory.mktemp("redis")) as started:
        client = Redis.from_url(started.client_url, decode_responses=True)
        yield client
        client.close()


class Budget:
    """The script, at any time."""

    def __init__(self, redis: Redis, retries: Retries) -> None:
        redis.flushall()
        self._script = redis.register_script(Script.RETRY_TAKE.text)
        self._retries = retries
        self._asked = 0

    def succeed(self, many: int, at: float) -> None:
        self._script(KEYS, arguments(self._retries, "", many, MINUTE, NOON + at))

    def take(self, at: float) -> float:
        """Seconds to wait; 0: it may."""
        self._asked += 1
        found = self._script(KEYS, arguments(self._retries, str(self._asked), 0, MINUTE, NOON + at))
        return 0.0 if found[0] else float(found[1])


def _bound(retries: Retries, successes: list[tuple[float, int]], at: float) -> int:
    young = sum(many for when, many in successes if at - MEMORY < when <= at)
    return floor(retries.share * young + retries.floor + 1e-9)


@settings(max_examples=30, phases=[Phase.generate])
@given(
    share=st.sampled_from([0.0, 0.1, 0.5]),
    least=st.sampled_from([0, 1, 10]),
    pace=st.floats(0.02, 3),
    chance=CHANCES,
)
def test_in_no_minute_are_there_more_retries_than_the_successes_allow(
    redis: Redis, share: float, least: int, pace: float, chance: Chance
) -> None:
    """Counted whenever one is let through: the last 60 s against the last 5 minutes."""
    retries = Retries(share=share, floor=least)
    budget = Budget(redis, retries)
    successes: list[tuple[float, int]] = []
    made: list[float] = []
    at = 0.0
    for _ in range(400):
        at += chance.uniform(0, 2 * pace)
        if chance.random() < 0.4:
            successes.append((at, chance.randint(1, 20)))
            budget.succeed(successes[-1][1], at)
        elif budget.take(at) == 0:
            made.append(at)
            inside = sum(at - MINUTE < when <= at for when in made)
            assert inside <= _bound(retries, successes, at)


@settings(max_examples=10, phases=[Phase.generate])
@given(chance=CHANCES)
def test_who_comes_when_it_was_told_to_has_its_turn(redis: Redis, chance: Chance) -> None:
    """Those who wait come one behind the other, so that no herd asks for one retry."""
    budget = Budget(redis, Retries())
    assert [budget.take(at) for at in sorted(chance.uniform(0, 5) for _ in range(10))] == [0.0] * 10
    told = [30 + budget.take(30.0) for _ in range(5)]
    assert all(later - sooner >= 5.9 for sooner, later in pairwise(told))
    assert [budget.take(at + 0.001) for at in told] == [0.0] * 5


def test_successes_buy_retries_and_are_forgotten_after_five_minutes(redis: Redis) -> None:
    """A share of 10 %, and 10 beside it."""
    budget = Budget(redis, Retries())
    budget.succeed(50, 5.0)
    assert [budget.take(10.0) > 0 for _ in range(16)] == [False] * 15 + [True]
    assert [budget.take(320.0) > 0 for _ in range(11)] == [False] * 10 + [True]


def test_a_budget_that_allows_nothing_says_so_and_when_to_ask_again(redis: Redis) -> None:
    """No floor and no success: within a window somebody may have succeeded."""
    budget = Budget(redis, Retries(floor=0))
    assert 0 < budget.take(10.0) <= 2 * MINUTE
    budget.succeed(10, 10.0)
    assert budget.take(11.0) == 0


def test_the_script_leaves_no_key_that_never_goes(redis: Redis) -> None:
    """Each key has a time to live."""
    budget = Budget(redis, Retries(floor=1))
    budget.succeed(3, 1.0)
    budget.take(1.0)
    budget.take(1.0)
    left = {key: redis.pttl(key) for key in KEYS}
    assert all(ms > 0 for ms in left.values()), left
