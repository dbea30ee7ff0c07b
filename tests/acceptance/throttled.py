"""A process that asks the fleet's limits and its retry budget for leave, and says what it got.

`python -m tests.acceptance.throttled BROKER_URL limits|retries SECONDS SEED`: one line for each
leave, with the machine's monotonic time, in a world in which a minute is WINDOW seconds.
"""

import asyncio
import contextlib
import random
import sys
import time

from config.guards import Limit, Retries
from tasks.errors import RateLimited, RetriesSpent
from tasks.ports.guards import Errand
from worker.broker.client import client
from worker.chance import token
from worker.clock import SystemClock
from worker.guards.limits import Limits
from worker.guards.post import ANSWER_SECONDS, CONNECT_SECONDS, Post
from worker.guards.retry_budget import RetryBudget
from worker.telemetry.log import Log

WINDOW = 6.0
LIMIT = Limit(upstream="openai", requests_per_minute=60)
RETRIES = Retries()
WAITERS = 50


def say(what: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{what} {time.monotonic()}\n")
    sys.stdout.flush()


def a_post(broker_url: str, every: float = 0.2) -> Post:
    """The guards' way to that Redis."""
    redis = client(broker_url, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS, text=True)
    return Post(redis, clock=SystemClock(), log=Log("guards"), every=every)


async def ask_on(post: Post, seconds: float, chance: random.Random) -> None:
    """Runs that ask for leave; one that got it makes room for the next."""
    limits = Limits((LIMIT,), post, me=token(), clock=SystemClock(), window=WINDOW)
    ends = time.monotonic() + seconds

    async def run() -> None:
        whose = token()
        while time.monotonic() < ends:
            try:
                await limits.take(Errand(upstream="openai", whose=whose))
            except RateLimited as error:
                late = chance.random() + chance.uniform(0, 3)
                await asyncio.sleep((error.retry_after or 0) + late * WINDOW / 60)
                continue
            say("asked")
            whose = token()

    await asyncio.gather(*(run() for _ in range(WAITERS)))


async def try_again_on(post: Post, seconds: float, chance: random.Random) -> None:
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
    does = {"limits": ask_on, "retries": try_again_on}[what]
    asyncio.run(does(post, float(seconds), random.Random(int(seed))))
    post.stop()


if __name__ == "__main__":
    main()
