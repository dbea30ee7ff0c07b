"""Four processes that share one limit and one retry budget, over a real Redis."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from config.guards import Limit
from tasks.errors import RateLimited, RetriesSpent
from tasks.ports.guards import Errand
from tests.acceptance.pauses import Pauses
from tests.acceptance.throttled import A_WRITE, HELPDESK, LIMIT, RETRIES, WINDOW, a_post, most_in
from worker.broker import server
from worker.clock import SystemClock
from worker.guards.limits import Limits
from worker.guards.post import Post
from worker.guards.retry_budget import RetryBudget

pytestmark = pytest.mark.timeout(120)

PROCESSES = 4
ERRAND = Errand(upstream="openai", whose="run", is_retry=True)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path / "redis") as started:
        yield started


@pytest.fixture
def post(redis: server.EmbeddedRedis) -> Iterator[Post]:
    post = a_post(redis.url)
    yield post
    post.stop()


Asker = subprocess.Popen[str]


def _askers(redis: server.EmbeddedRedis, what: str, seconds: float) -> list[Asker]:
    command = [sys.executable, "-m", "tests.acceptance.throttled", redis.url, what, str(seconds)]
    return [
        subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in range(PROCESSES)
    ]


def _said(askers: list[Asker]) -> list[tuple[str, float]]:
    lines = [
        line.split() for asker in askers for line in asker.communicate(timeout=50)[0].splitlines()
    ]
    return sorted(((what, float(at)) for what, at in lines), key=lambda said: said[1])


def test_four_processes_ask_as_often_as_the_limit_says_and_one_that_dies_wastes_nothing(
    redis: server.EmbeddedRedis,
) -> None:
    """At most 60 in any minute and at least 54 in each full one, as the provider sees it."""
    askers = _askers(redis, "limits", 5 * WINDOW)
    time.sleep(2 * WINDOW)  # the law is about time that passes
    askers[0].send_signal(signal.SIGKILL)
    times = [at for _, at in _said(askers)]
    assert most_in(times, WINDOW) <= (LIMIT.requests_per_minute or 0)
    minutes = [sum(0 <= at - times[0] - n * WINDOW < WINDOW for at in times) for n in range(4)]
    assert min(minutes) >= 54, minutes


def test_what_four_processes_begin_to_write_they_end_and_keep_the_limit(
    redis: server.EmbeddedRedis,
) -> None:
    """Two hundred tickets want a helpdesk that takes six writes a minute, by its own count."""
    said = _said(_askers(redis, "visits", 5 * WINDOW))
    times = [at for what, at in said if what == "asked"]
    written = [at for what, at in said if what == "written"]
    assert most_in(times, WINDOW) <= (HELPDESK.requests_per_minute or 0)
    assert len(times) >= 4 * 54
    assert len(written) >= 0.9 * len(times) / A_WRITE  # nothing is begun in vain


def test_four_processes_try_again_no_more_often_than_the_successes_allow(
    redis: server.EmbeddedRedis,
) -> None:
    """Whenever a retry was let through: the last minute's against the last five minutes'."""
    said = _said(_askers(redis, "retries", 2.5 * WINDOW))
    retried = [at for what, at in said if what == "retried"]
    succeeded = [at for what, at in said if what == "succeeded"]
    assert len(retried) > 2 * RETRIES.floor
    slow = 0.1  # seconds from Redis' word until the process has said it
    for at in retried:
        made = sum(at - WINDOW + slow < other <= at for other in retried)
        young = sum(at - 5 * WINDOW - slow < other <= at for other in succeeded)
        assert made <= RETRIES.share * young + RETRIES.floor


def test_a_limit_that_nobody_configured_costs_no_thread_and_no_connection(post: Post) -> None:
    """Nothing is asked of Redis for it."""
    limits = Limits((), post, me="a", clock=SystemClock())
    asyncio.run(limits.take(ERRAND))
    assert post.idle


def test_what_one_process_was_told_closes_the_door_for_all(
    redis: server.EmbeddedRedis, post: Post
) -> None:
    """A 429 of the provider's, with or without a limit of ours."""
    other = a_post(redis.url, every=0.02)
    with_limit, without = (Limit(upstream="openai", requests_per_minute=60),), ()
    here = Limits(without, post, me="a", clock=SystemClock())
    limited = Limits(with_limit, other, me="b", clock=SystemClock())
    unlimited = Limits(without, other, me="c", clock=SystemClock())
    other.start()

    async def ask() -> list[float]:
        here.told("openai", 20.0)
        while not unlimited.standing("openai"):  # noqa: ASYNC110 - the round brings it
            await asyncio.sleep(0.01)
        waits = []
        for limits in (here, limited, unlimited):
            with pytest.raises(RateLimited) as refused:
                await limits.take(ERRAND)
            waits.append(refused.value.retry_after or 0)
        await unlimited.take(Errand(upstream="anthropic"))
        return waits

    try:
        assert all(18 < wait <= 21.5 for wait in asyncio.run(asyncio.wait_for(ask(), 10)))
    finally:
        other.stop()


def test_tokens_that_were_not_used_are_given_back(redis: server.EmbeddedRedis, post: Post) -> None:
    """And what was used beyond the estimate is charged."""
    limit = Limit(upstream="openai", tokens_per_minute=1_000)
    limits = Limits((limit,), post, me="a", clock=SystemClock())
    client = Redis.from_url(redis.client_url, decode_responses=True)

    def spent() -> str:
        return str(client.hget("triage:limits:openai:state", "spent"))

    async def ask() -> list[str]:
        first, second = (Errand(upstream="openai", tokens=500, whose=who) for who in ("a", "b"))
        await limits.take(first)
        seen = [spent()]
        with pytest.raises(RateLimited):
            await limits.take(Errand(upstream="openai", tokens=600, whose="c"))
        limits.settle(first, 20)
        await limits.take(second)
        seen.append(spent())
        limits.settle(second, 700)
        post.stop()  # sends what is left
        return [*seen, spent()]

    assert asyncio.run(ask()) == ["500", "520", "720"]
    client.close()


@pytest.mark.alone
def test_a_hung_redis_neither_stops_the_loop_nor_lets_anybody_try_again(
    redis: server.EmbeddedRedis, post: Post
) -> None:
    """The loop's longest pause stays below 50 ms; a process keeps to its share; all comes back."""
    limit = Limit(upstream="openai", requests_per_minute=6_000)
    limits = Limits((limit,), post, me="a", clock=SystemClock())
    budget = RetryBudget(RETRIES, post, me="a")

    async def ask() -> float:
        await limits.take(ERRAND)
        await budget.take(ERRAND)
        pauses = Pauses()
        watch = asyncio.create_task(pauses.watch())
        os.kill(redis.pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            await asyncio.gather(*(limits.take(Errand(upstream="openai")) for _ in range(15)))
            assert time.monotonic() - begun < 2
            with pytest.raises(RetriesSpent) as refused:
                await budget.take(ERRAND)
            assert 1 <= refused.value.retry_after <= 10
        finally:
            os.kill(redis.pid, signal.SIGCONT)
        while post.away:  # noqa: ASYNC110 - a round finds it
            await asyncio.sleep(0.01)
        await budget.take(ERRAND)
        watch.cancel()
        return pauses.longest

    assert asyncio.run(asyncio.wait_for(ask(), 20)) < 0.05


def test_a_redis_that_started_anew_is_asked_on_without_an_error(tmp_path: Path) -> None:
    """Its memory and the scripts are gone; nobody who asks hears of that."""
    folder = tmp_path / "redis"
    first = server.start(folder)
    post = a_post(first.url, every=0.02)
    limits = Limits((LIMIT,), post, me="a", clock=SystemClock())
    budget = RetryBudget(RETRIES, post, me="a")

    async def ask() -> None:
        await limits.take(ERRAND)
        await budget.take(ERRAND)

    try:
        asyncio.run(ask())
        first.stop()
        with server.start(folder) as second, Redis.from_url(second.client_url) as client:
            _until_heard(post)
            asyncio.run(ask())
            assert client.zcard("triage:limits:openai:entries") == 1
            client.flushall()
            asyncio.run(ask())
            assert client.zcard("triage:retries:made") == 1
    finally:
        post.stop()


def _until_heard(post: Post) -> None:
    deadline = time.monotonic() + 10
    post.start()
    time.sleep(0.1)  # one round at least has found out that it had gone
    while post.away:
        assert time.monotonic() < deadline
        time.sleep(0.02)
