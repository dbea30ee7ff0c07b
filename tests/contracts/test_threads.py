"""Summaries of threads in Redis: sealed, for a while, and never in anybody's way."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.ports.ledger import SealedKey
from tasks.run import TicketId
from tasks.summary import Summary
from tests.acceptance.patience import until
from worker.broker import server
from worker.broker.client import client
from worker.clock import SystemClock
from worker.privacy.vault import Vault
from worker.telemetry.log import Log
from worker.threads import KEY, Kept, Shelf

VAULT = Vault(b"\x07" * 32, keep_days=90)
ADA = VAULT.new_key(VAULT.requester("ada@example.com"))
TICKET = TicketId("T" * 24)
SAID = Summary(
    facts=("customer: write to [EMAIL_1]",),
    covers=("a", "b"),
    values={"[EMAIL_1]": "ada@example.com"},
    made_by="summarise-1",
)


def _shelf(url: str, days: float = 30.0) -> Shelf:
    return Shelf(url, VAULT, days=days, clock=SystemClock(), log=Log("test"))


@pytest.fixture
def shelf(redis: server.EmbeddedRedis) -> Iterator[Shelf]:
    """One over a Redis that holds nothing."""
    found = _shelf(redis.url)
    _flush(redis)
    yield found
    found.close()


def _flush(redis: server.EmbeddedRedis) -> None:
    looking = client(redis.url, connect=1, answer=1)
    looking.flushall()
    looking.close()


def _kept(shelf: Shelf, key: SealedKey | None = ADA) -> Kept:
    return Kept(shelf, TICKET, key)


def _recalled(shelf: Shelf, key: SealedKey | None = ADA) -> Summary | None:
    return asyncio.run(_kept(shelf, key).recall())


def _keep(shelf: Shelf, summary: Summary, key: SealedKey | None = ADA) -> None:
    asyncio.run(_kept(shelf, key).keep(summary))


def test_what_is_kept_is_recalled_by_any_process(shelf: Shelf, redis: server.EmbeddedRedis) -> None:
    assert _recalled(shelf) is None
    _keep(shelf, SAID)
    another = _shelf(redis.url)
    assert _recalled(another) == SAID
    another.close()


def test_nothing_that_lies_there_can_be_read(shelf: Shelf, redis: server.EmbeddedRedis) -> None:
    """Neither what was said nor which ticket it was said of; and it goes by itself."""
    _keep(shelf, SAID)
    looking = client(redis.url, connect=1, answer=1)
    [key] = looking.keys("*")
    value = looking.get(key)
    left = looking.pttl(key)
    looking.close()
    assert isinstance(key, bytes)
    assert isinstance(value, bytes)
    assert key.startswith(KEY.encode())
    assert TICKET.encode() not in key
    assert b"customer" not in value
    assert b"example.com" not in value
    assert 29.9 * 86_400_000 < left <= 30 * 86_400_000


def test_it_expires(shelf: Shelf, redis: server.EmbeddedRedis) -> None:
    """After as many days as it is told, which Redis counts in milliseconds."""
    _keep(shelf, SAID)
    looking = client(redis.url, connect=1, answer=1)
    [left] = [looking.pttl(name) for name in looking.keys()]  # noqa: SIM118 - Redis' own
    assert 29.9 * 86_400_000 < left <= 30 * 86_400_000
    looking.close()
    _flush(redis)
    brief = _shelf(redis.url, days=0.1 / 86_400)
    _keep(brief, SAID)
    until(lambda: _recalled(brief) is None)
    brief.close()


def test_under_another_key_there_is_nothing(shelf: Shelf) -> None:
    """Whoever was forgotten and writes again has a new one."""
    _keep(shelf, SAID)
    assert _recalled(shelf, VAULT.new_key(ADA.requester)) is None
    assert _recalled(shelf, None) is None
    _keep(shelf, SAID.model_copy(update={"covers": ("x", "y", "z")}), None)
    assert _recalled(shelf) == SAID


def test_what_a_thread_that_is_over_came_to_lies_beside_what_goes_on(shelf: Shelf) -> None:
    """The last one stays, whatever it covers; and it is forgotten with its ticket."""
    another = Kept(shelf, TicketId("U" * 24), ADA)
    over = another.closed(TICKET)
    assert asyncio.run(over.recall()) is None
    _keep(shelf, SAID)
    fewer = SAID.model_copy(update={"covers": ("c",)})
    for notes in (SAID, fewer):
        asyncio.run(over.keep(notes))
        assert asyncio.run(over.recall()) == notes
    assert _recalled(shelf) == SAID
    assert shelf.forget([TICKET]) == 2
    assert asyncio.run(over.recall()) is None


def test_who_knows_less_does_not_overwrite_who_knows_more(shelf: Shelf) -> None:
    """A run that was superseded may come late."""
    more = SAID.model_copy(update={"covers": ("a", "b", "c")})
    _keep(shelf, more)
    _keep(shelf, SAID)
    assert _recalled(shelf) == more


def test_what_another_version_wrote_is_nothing(shelf: Shelf, redis: server.EmbeddedRedis) -> None:
    _keep(shelf, SAID)
    looking = client(redis.url, connect=1, answer=1)
    [key] = looking.keys("*")
    looking.set(key, b"something else")
    looking.close()
    assert _recalled(shelf) is None


def test_a_requesters_threads_are_forgotten_and_no_others(shelf: Shelf) -> None:
    other = Kept(shelf, TicketId("U" * 24), ADA)
    _keep(shelf, SAID)
    asyncio.run(other.keep(SAID))
    assert shelf.forget([]) == 0
    assert shelf.forget([TICKET, TicketId("V" * 24)]) == 1
    assert _recalled(shelf) is None
    assert asyncio.run(other.recall()) == SAID


def test_a_redis_that_is_away_keeps_nobody(tmp_path: Path) -> None:
    shelf = _shelf(f"redis+socket://{tmp_path}/none.sock")
    _keep(shelf, SAID)
    assert _recalled(shelf) is None
    assert shelf.forget([TICKET]) is None
    shelf.close()


@pytest.mark.alone
def test_a_redis_that_hangs_is_asked_once(redis: server.EmbeddedRedis) -> None:
    """The next hundred tickets do without it at once."""
    shelf = _shelf(redis.url)
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(100):
            assert _recalled(shelf) is None
        assert time.monotonic() - began < 3
    finally:
        os.kill(redis.pid, signal.SIGCONT)
        shelf.close()
