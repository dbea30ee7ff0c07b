"""Four real processes and a real Redis: one breaker for all of them, whatever becomes of Redis."""

import asyncio
import logging
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from config.guards import Breaker
from tasks.errors import BreakerOpen, ProviderDown
from tests.acceptance import breaker_caller
from tests.acceptance.breaker_caller import ERRAND, Told, open_doors
from tests.acceptance.flaky_upstream import Upstream, upstream
from tests.acceptance.patience import until
from tests.acceptance.pauses import Pauses
from worker.broker import server
from worker.clock import SystemClock
from worker.guards.doors import Doors
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.rule import rule_of
from worker.guards.standing import StandingState, standing_of
from worker.ledgers.engine import connect as connect_ledger
from worker.ledgers.sql import SqlLedger

tell = logging.getLogger("figures").info  # shown with --log-level=INFO

CONFIG = Breaker(
    window_seconds=5, open_seconds=0.4, most_open_seconds=1.6, ramp_seconds=0.3, sync_seconds=0.2
)
PROCESSES = 4
AT_ONCE = 5
IN_FLIGHT = PROCESSES * AT_ONCE


@dataclass(kw_only=True)
class Fleet:
    """Processes that ask an upstream through one breaker."""

    redis: server.EmbeddedRedis
    ledger: SqlLedger
    upstream: Upstream
    folder: Path

    def state(self) -> StandingState:
        """As Redis has it."""
        shared = RedisShared(connect(self.redis.url), SystemClock())
        found = shared.look(["x"], CONFIG.window_seconds)
        shared.close()
        heard = found[0].heard if found else None
        return standing_of("x", rule_of("x", CONFIG), heard, None).state

    def is_open(self) -> bool:
        """Whether all are kept back but for probes."""
        return self.state() in ("open", "probing")

    def opened(self) -> float:
        """Waits until it is; that moment."""
        until(self.is_open)
        return time.monotonic()

    @contextmanager
    def asking(self, at_once: int = AT_ONCE) -> Iterator[Counter[str]]:
        """All of them ask; afterwards, how that went."""
        counts: Counter[str] = Counter()
        told = Told(
            redis_url=self.redis.url,
            ledger_url=str(self.ledger.engine.url),
            port=self.upstream.port,
            at_once=at_once,
            config=CONFIG,
        )
        lines = [_begin(told) for _ in range(PROCESSES)]
        for _, line in lines:
            assert line.recv() == "ready"
        for _, line in lines:
            line.send("go")
        try:
            yield counts
        finally:
            for _, line in lines:
                line.send("end")
            for process, line in lines:
                counts.update(line.recv())
                process.join()
                process.close()
                line.close()


def _begin(told: Told) -> tuple[ForkServerProcess, Connection]:
    """Forked from a server that has imported everything: starting takes seconds otherwise."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.acceptance.breaker_caller"])
    ours, theirs = context.Pipe()
    process = context.Process(target=breaker_caller.main, args=(told, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


@pytest.fixture
def fleet(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Fleet]:
    """Nobody asks yet, and the upstream is well."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(migrated_sqlite, path)
    ledger = SqlLedger(connect_ledger(f"sqlite:///{path}"))
    with server.start(tmp_path / "redis") as redis, upstream(latency=0.2) as flaky:
        yield Fleet(redis=redis, ledger=ledger, upstream=flaky, folder=tmp_path / "redis")
    ledger.close()


def _gaps(moments: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(moments)]


def test_an_outage_from_its_first_call_to_its_end(fleet: Fleet) -> None:
    """Opens within 20 calls and those in flight; probed once an interval; closed within two."""
    fleet.upstream.failing = 0.8
    with fleet.asking() as counts:
        opened = fleet.opened()
        before = len(fleet.upstream.asked)
        fleet.upstream.failing = 1.0
        time.sleep(5.5)
        probes = fleet.upstream.since(opened + 0.1)
        expected = [0.8, 1.6]
        assert all(
            gap >= 0.95 * least
            for gap, least in zip(_gaps(probes), [*expected, *[1.6] * 9], strict=False)
        )
        assert 3 <= len(probes) <= 5
        well = time.monotonic()
        fleet.upstream.failing = 0.0
        until(lambda: fleet.state() in ("ramp", "closed"), 2 * CONFIG.most_open_seconds)
        closed = time.monotonic()
        until(lambda: len(fleet.upstream.since(closed + 0.5)) > 5 * IN_FLIGHT)
    tell(f"{before} calls before it opened, gaps {_gaps(probes)}, closed {closed - well:.2f} s")
    assert before <= 20 + IN_FLIGHT
    assert counts["held"] > 0
    kinds = [(one.kind, one.subject) for one in fleet.ledger.notices()]
    assert kinds == [("breaker.opened", "x"), ("breaker.closed", "x")]


def test_at_five_in_a_hundred_it_never_opens(fleet: Fleet) -> None:
    """In 10,000 calls."""
    fleet.upstream.failing, fleet.upstream.latency = 0.05, 0.0
    with fleet.asking() as counts:
        until(lambda: len(fleet.upstream.asked) >= 10_000, 40)
    assert (counts["held"], fleet.ledger.notices()) == (0, [])
    assert counts["ok"] + counts["failed"] >= 10_000 - IN_FLIGHT


def test_it_stays_open_when_redis_forgets_everything_or_is_started_anew(fleet: Fleet) -> None:
    """Who knows best puts it back, and nobody probes it more often meanwhile."""
    fleet.upstream.failing = 1.0
    with fleet.asking():
        opened = fleet.opened()
        until(lambda: len(fleet.upstream.since(opened + 0.1)) >= 3)  # probed in longer intervals
        struck = time.monotonic()
        client = connect(fleet.redis.url)
        client.flushall()
        client.close()
        until(fleet.is_open, 1)
        os.kill(fleet.redis.pid, signal.SIGKILL)
        fleet.redis.stop()
        with server.start(fleet.folder) as again:
            fleet.redis = again
            until(fleet.is_open, 2)
            time.sleep(max(0.0, struck + 4.8 - time.monotonic()))
            probes = fleet.upstream.since(struck)
            assert 2 <= len(probes) <= 3
            assert min(_gaps(probes)) >= 0.95 * CONFIG.most_open_seconds
            fleet.upstream.failing = 0.0
            until(lambda: fleet.state() in ("ramp", "closed"), 2 * CONFIG.most_open_seconds)


# ── In one process ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def doors(fleet: Fleet) -> Iterator[Doors]:
    """Of this process."""
    made = open_doors(fleet.redis.url, fleet.ledger, CONFIG)
    made.breakers.start()
    yield made
    made.breakers.stop()


@pytest.mark.alone
def test_calls_through_one_breaker_do_not_wait_for_each_other(doors: Doors) -> None:
    """As they come, pybreaker's hold a lock during each call: 8 of 0.3 s took 2.4 s."""

    async def call() -> None:
        async with doors.admit(ERRAND):
            await asyncio.sleep(0.3)

    async def eight() -> None:
        await asyncio.gather(*(call() for _ in range(8)))

    began = time.monotonic()
    asyncio.run(eight())
    assert time.monotonic() - began < 0.5


def test_calls_that_we_hang_up_do_not_open_it(doors: Doors) -> None:
    """50 of them, as at the end of a drain."""

    async def call() -> None:
        async with doors.admit(ERRAND):
            await asyncio.sleep(60)

    async def hang_up() -> None:
        calls = [asyncio.create_task(call()) for _ in range(50)]
        await asyncio.sleep(0.05)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(hang_up())
    standing = doors.breakers.standing("x")
    assert (standing.state, standing.calls) == ("closed", 0)


async def _longest_pause(doors: Doors, seconds: float) -> float:
    """Of the event loop, while ten fail all the time."""

    async def fail() -> None:
        while True:
            with suppress(ProviderDown, BreakerOpen):
                async with doors.admit(ERRAND):
                    await asyncio.sleep(0.01)
                    raise ProviderDown("no")
            await asyncio.sleep(0.01)

    failing = [asyncio.create_task(fail()) for _ in range(10)]
    pauses = Pauses()
    await pauses.watch(seconds)
    for one in failing:
        one.cancel()
    await asyncio.gather(*failing, return_exceptions=True)
    return pauses.longest


@pytest.mark.alone
def test_a_redis_that_hangs_stops_nobody(fleet: Fleet, doors: Doors) -> None:
    """The breaker opens and is probed all the same, and no pause of the loop reaches 50 ms.

    What its thread waits for a processor is no pause: others have it, Redis hung or not.
    """
    asyncio.run(_longest_pause(doors, 0.05))  # they know each other
    os.kill(fleet.redis.pid, signal.SIGSTOP)
    try:
        pauses = []
        for _ in range(3):  # the machine may be busy with others
            pauses.append(asyncio.run(_longest_pause(doors, 3)))
            if pauses[-1] < 0.05:
                break
        state = doors.breakers.standing("x").state
    finally:
        os.kill(fleet.redis.pid, signal.SIGCONT)
    tell(f"longest pauses with Redis hung: {pauses} s")
    assert pauses[-1] < 0.05
    assert state in ("open", "probing")
