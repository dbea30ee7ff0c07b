"""The same outage before a bare Celery task: `autoretry_for`, backoff and jitter are Celery's own.

It has the same processes, threads, provider and latency. Its first waits are what they are in
earnest while the outage is scaled, which is in its favour; its longest one is scaled.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from celery import Celery
from redis import Redis

from tests.acceptance.fleet import ROOT
from tests.acceptance.patience import until
from tests.rehearsal.outage import BEFORE, MINUTES, QUEUED, SOME, rates
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import AT_ONCE, CLOCK, PROCESSES, QUIET, Casting, played
from worker.broker import server as broker
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

URL, RETRIES, MOST, BROKER = "BARE_URL", "BARE_RETRIES", "BARE_MOST", "BARE_BROKER"
DONE, LOST = "bare:done", "bare:lost"
TASK = "tests.rehearsal.bare_app.triage"
FOR_EVER = "none"
CELERY = (sys.executable, "-m", "celery", "-A", "tests.rehearsal.bare_app", "worker")
BACKOFF_MOST = 600  # Celery's own


@dataclass(kw_only=True)
class Bare:
    """Workers of the bare task, and what they have counted."""

    provider: Simulator
    producer: Celery
    redis: Redis
    brought: int = 0

    def bring(self, tickets: int) -> None:
        """Queues so many."""
        for number in range(self.brought, self.brought + tickets):
            self.producer.send_task(TASK, args=[f"NIGHT-{number:05}"])
        self.brought += tickets

    def counted(self, name: str) -> int:
        """Tickets done, or lost."""
        found = self.redis.get(name)
        assert found is None or isinstance(found, bytes)
        return int(found or 0)

    def left(self) -> int:
        """Tickets with neither; progress for whoever looks on."""
        done, lost = self.counted(DONE), self.counted(LOST)
        asked = self.provider["alpha"].asked
        sys.stderr.write(f"\r{time.strftime('%H:%M:%S')} {done} done, {lost} lost, {asked} calls  ")
        sys.stderr.flush()
        time.sleep(0.3)
        return self.brought - done - lost


def bare(pace: Pace, *, seed: int, retries: str) -> dict[str, object]:
    """What came of it. `retries`: as Celery's `max_retries`, or `none` for ever."""
    with _hired(pace, seed, retries) as fleet:
        fleet.bring(BEFORE)
        until(lambda: fleet.left() < BEFORE - SOME, 240)
        warm = CLOCK.now()
        until(lambda: fleet.left() < BEFORE // 4, 240)
        while (missing := QUEUED - fleet.left()) > 0:  # it goes on meanwhile
            fleet.bring(missing + SOME)
        queued, began = fleet.left(), CLOCK.now()
        fleet.provider.play("error_503")
        while CLOCK.now() < began + pace.scaled(MINUTES * 60):
            fleet.left()
        over, left = CLOCK.now(), fleet.left()
        lost = fleet.counted(LOST)
        fleet.provider.play("ok")
        until(lambda: not fleet.left(), 900)
        asked = sorted(one.at for one in fleet.provider.log)
        window = pace.minute / 2
        usual = median(rates(asked, warm, began, window))
        return {
            "retries": retries,
            "queued": queued,
            "calls_in_the_outage": sum(began <= at < over for at in asked),
            "lost_in_the_outage": lost,
            "left_when_it_was_over": left,
            "normal_per_second": round(usual, 1),
            "most_per_second_after": round(max(rates(asked, over, asked[-1], window)), 1),
            "done_seconds_after": round(max(0.0, asked[-1] - over), 1),
            "done": fleet.counted(DONE),
            "lost": fleet.counted(LOST),
            "played": played(list(fleet.provider.log)),
        }


@contextmanager
def _hired(pace: Pace, seed: int, retries: str) -> Iterator[Bare]:
    """Its workers, waiting for tickets."""
    latency = Casting().latency
    provider = Simulator({"alpha": 0}, seed=seed, latency=latency, most_records=1_000_000)
    with (
        tempfile.TemporaryDirectory(prefix="triage-bare-", dir="/tmp") as name,
        broker.start(Path(name) / "redis") as redis,
        running(provider),
    ):
        ours = {
            URL: provider["alpha"].url,
            RETRIES: retries,
            MOST: str(max(1, round(pace.scaled(BACKOFF_MOST)))),
            BROKER: redis.url,
        }
        workers = [_worker(Path(name), number, os.environ | ours) for number in range(PROCESSES)]
        producer = Celery(broker=redis.url)
        counts = Redis.from_url(redis.client_url)
        try:
            until(lambda: len(producer.control.ping(timeout=1) or ()) == PROCESSES, 120)
            yield Bare(provider=provider, producer=producer, redis=counts)
        finally:
            for worker in workers:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
            producer.close()
            counts.close()


def _worker(folder: Path, number: int, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    words = ("-c", str(AT_ONCE), "-n", f"bare{number}@here")
    with (folder / f"w{number}.log").open("ab") as log:
        return subprocess.Popen(
            (*CELERY, *QUIET, *words),
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
