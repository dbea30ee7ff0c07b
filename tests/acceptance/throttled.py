"""A process that asks the fleet's limits and its retry budget for leave, and says what it got.

`python -m tests.acceptance.throttled BROKER_URL limits|visits|retries SECONDS SEED`: one line for
each leave, with the machine's monotonic time, in a world in which a minute is WINDOW seconds.
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from redis import Redis

from config.guards import Limit, Retries
from tasks.errors import RateLimited, RetriesSpent
from tasks.ports.guards import Errand
from worker.broker.client import client
from worker.chance import token
from worker.clock import SystemClock
from worker.guards.limits import Limits
from worker.guards.post import ANSWER_SECONDS, CONNECT_SECONDS, Post
from worker.guards.retry_budget import RetryBudget
from worker.guards.visits import Visits
from worker.telemetry.log import Log

WINDOW = 6.0
LIMIT = Limit(upstream="openai", requests_per_minute=60)
HELPDESK = Limit(upstream="helpdesk:rt", requests_per_minute=60)
A_WRITE, VISIT = 9, 12
"""Requests, one after the other, and leave for how many; who is sent away begins anew."""

RETRIES = Retries()
WAITERS = 50
WAITING = "test:waiting"
"""Stands in for the ledger: who waits -> until when."""


def say(what: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{what} {time.monotonic()}\n")
    sys.stdout.flush()


def most_in(moments: Sequence[float], seconds: float) -> int:
    """How many there are in any time that is so long."""
    return max(sum(at <= other < at + seconds for other in moments) for at in moments)


def a_post(broker_url: str, every: float = 0.2) -> Post:
    """The guards' way to that Redis."""
    redis = client(broker_url, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS, text=True)
    return Post(redis, clock=SystemClock(), log=Log("guards"), every=every)


async def ask_on(post: Post, redis: Redis, seconds: float, chance: random.Random) -> None:
    """Runs that ask for leave, each once."""
    limits = Limits((LIMIT,), post, me=token(), clock=SystemClock(), window=WINDOW)

    async def ask(whose: str) -> None:
        await limits.take(Errand(upstream=LIMIT.upstream, whose=whose))
        say("asked")

    await _let_run(ask, redis, seconds, chance)


async def write_on(post: Post, redis: Redis, seconds: float, chance: random.Random) -> None:
    """Runs that write, each of them several requests."""
    limits = Limits((HELPDESK,), post, me=token(), clock=SystemClock(), window=WINDOW)
    visits = Visits(limits, clock=SystemClock(), idle=WINDOW / 6)

    async def write(whose: str) -> None:
        for _ in range(A_WRITE):
            errand = Errand(upstream=HELPDESK.upstream, whose=whose, visit=VISIT)
            await visits.take(errand)
            say("asked")
            await asyncio.sleep(chance.uniform(0, WINDOW / 100))
            visits.settle(errand, 1)
        say("written")

    await _let_run(write, redis, seconds, chance)


async def _let_run(
    do: Callable[[str], Awaitable[None]], redis: Redis, seconds: float, chance: random.Random
) -> None:
    """Again and again; who waits does so where others can take over."""
    ends = time.monotonic() + seconds
    for _ in range(WAITERS):
        redis.zadd(WAITING, {token(): 0.0})

    async def carry(whose: str) -> None:
        try:
            await do(whose)
        except RateLimited as error:
            late = chance.random() + chance.uniform(0, 3)
            due = time.monotonic() + (error.retry_after or 0) + late * WINDOW / 60
            redis.zadd(WAITING, {whose: due})
        else:
            redis.zadd(WAITING, {token(): 0.0})

    async with asyncio.TaskGroup() as runs:
        while time.monotonic() < ends:
            for whose in map(str, redis.zrangebyscore(WAITING, "-inf", time.monotonic(), 0, 10)):
                if redis.zrem(WAITING, whose):  # one process alone has it
                    runs.create_task(carry(whose))
            await asyncio.sleep(0.02)


async def try_again_on(post: Post, _redis: Redis, seconds: float, chance: random.Random) -> None:
    """Successes and retries by chance."""
    budget = RetryBudget(RETRIES, post, me=token(), window=WINDOW)
    errand = Errand(upstream="openai", is_retry=True)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        await asyncio.sleep(chance.expovariate(100))
        if chance.random() < 0.5:
            budget.succeeded()
            say("succeeded")
        else:
            with contextlib.suppress(RetriesSpent):
                await budget.take(errand)
                say("retried")


def main() -> None:
    """Asks for so long."""
    url, what, seconds, seed = sys.argv[1:]
    post = a_post(url)
    ledger = client(url, connect=1, answer=10, text=True)
    does = {"limits": ask_on, "visits": write_on, "retries": try_again_on}[what]
    asyncio.run(does(post, ledger, float(seconds), random.Random(int(seed))))
    post.stop()
    ledger.close()


if __name__ == "__main__":
    main()
