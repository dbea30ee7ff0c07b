"""The guards' way to Redis: everybody is answered, and what is wrong is said once."""

import asyncio
import logging
from threading import Event

import pytest
from redis import Redis

from config.guards import Retries
from worker.broker.errors import BrokerDown
from worker.guards.post import Letter, Post, Script
from worker.guards.retry_budget import KEYS, arguments

ASKED = arguments(Retries(), "one", 0, 60.0)


def test_a_redis_that_is_away_is_said_once(no_post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Not for every call."""
    rounds = []

    def count() -> tuple[Letter, ...]:
        rounds.append(1)
        return ()

    no_post.on_round(lambda: [Letter(script=Script.RETRY_TAKE, keys=KEYS, args=ASKED)])
    no_post.on_round(count)

    async def ask() -> None:
        while len(rounds) < 5:
            with pytest.raises(BrokerDown):
                await no_post.ask(Script.RETRY_TAKE, KEYS, ASKED)
            await asyncio.sleep(0.001)

    with caplog.at_level(logging.INFO):
        asyncio.run(ask())
    assert [record.getMessage() for record in caplog.records] == ["guards.redis_away"]


def test_whoever_asks_is_answered_although_somebody_elses_ear_breaks(
    redis: Redis, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in one guard must not make the others wait for ever."""

    def break_(_answer: object) -> None:
        raise ZeroDivisionError

    post.on_round(lambda: [Letter(script=Script.RETRY_TAKE, keys=KEYS, args=ASKED, heard=break_)])
    post.send(Letter(script=Script.RETRY_TAKE, keys=KEYS, args=ASKED, heard=break_))
    for _ in range(3):
        assert asyncio.run(post.ask(Script.RETRY_TAKE, KEYS, ASKED))
    assert "guards.bug" in {record.getMessage() for record in caplog.records}


def test_a_guard_whose_round_breaks_ends_nobody_elses(redis: Redis, post: Post) -> None:
    """The next round is made all the same."""
    made = Event()

    def break_() -> list[Letter]:
        made.set()
        raise ZeroDivisionError

    post.on_round(break_)
    post.start()
    assert made.wait(5)
    assert asyncio.run(post.ask(Script.RETRY_TAKE, KEYS, ASKED))


def test_many_questions_share_a_round_trip(redis: Redis, post: Post) -> None:
    """A hundred at once are all answered."""

    async def ask() -> int:
        asked = [
            post.ask(Script.RETRY_TAKE, KEYS, arguments(Retries(), str(n), 0, 60.0))
            for n in range(100)
        ]
        return sum(answer[0] == 1 for answer in await asyncio.gather(*asked))

    assert asyncio.run(ask()) == 10


def test_a_post_that_has_ended_answers_nobody_and_keeps_nobody_waiting(post: Post) -> None:
    """As a Redis that is away."""
    post.stop()
    with pytest.raises(BrokerDown):
        asyncio.run(post.ask(Script.RETRY_TAKE, KEYS, ASKED))
