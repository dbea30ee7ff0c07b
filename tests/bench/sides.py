"""The two sides: this fleet, and a bare Celery chain."""

import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config.environment import Environment
from tasks.run import State
from tests.bench.processes import family
from tests.bench.world import World
from worker.compose import Shop, open_inbox, open_intake, open_shop
from worker.ledgers import migrating

WORKERS = 2
LINE = {
    "subject": "New card",
    "body": "My card was due last week and has not arrived. Where is it? How long does it take?",
    "channel": "email",
    "created_at": "2026-11-17T09:00:00Z",
}


class Side(ABC):
    """One of the two."""

    name: str

    def __init__(self, world: World, concurrency: int) -> None:
        self.world = world
        self.concurrency = concurrency  # in all workers together
        self._workers: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def enqueue(self, count: int) -> float:
        """Hands in that many tickets; the seconds it took."""

    @abstractmethod
    def done(self) -> int:
        """How many tickets have been finished since the last enqueue."""

    @abstractmethod
    def command(self) -> tuple[list[str], Mapping[str, str]]:
        """The worker's command, and what its environment has besides ours."""

    def start(self) -> None:
        """Starts the workers and waits until each has taken a ticket to warm up."""
        words, more = self.command()
        size = str(self.concurrency // WORKERS)
        for number in range(WORKERS):
            log = (self.world.folder / f"{self.name}-{number}.log").open("wb")
            self._workers.append(
                subprocess.Popen(
                    [
                        *words,
                        "worker",
                        "-P",
                        "threads",
                        "-c",
                        size,
                        "-n",
                        f"{self.name}{number}@b",
                        "--without-gossip",
                        "--without-mingle",
                        "-l",
                        "WARNING",
                    ],
                    env={**os.environ, **more},
                    stdout=log,
                    stderr=log,
                )
            )

    def pids(self) -> list[int]:
        """Every process of the workers."""
        return [pid for worker in self._workers for pid in family(worker.pid)]

    def stop(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait(timeout=60)
        self._workers.clear()

    def wait(self, count: int, seconds: float) -> float:
        """Waits until `count` are finished; how long it took. Raises TimeoutError."""
        begun = time.monotonic()
        while self.done() < count:
            if time.monotonic() - begun > seconds:
                raise TimeoutError(f"{self.name}: {self.done()} of {count} after {seconds:.0f} s")
            time.sleep(0.1)
        return time.monotonic() - begun


class FleetSide(Side):
    """Triage Fleet on PostgreSQL with fsync."""

    def __init__(
        self, world: World, concurrency: int, *, looks: bool = False, guarded: bool = True
    ) -> None:
        """`looks`: each write is surrounded by two GETs of the ticket, as the protocol has it.

        `guarded`: with what stands before each call, and the money that it sets aside.
        """
        super().__init__(world, concurrency)
        self.name = "looking" if looks else "fleet" if guarded else "unguarded"
        self._variables = {
            "TRIAGE_HOME": str(world.folder / self.name),
            "TRIAGE_BROKER_URL": world.broker_url.replace(
                "host=0", f"host={2 * (not guarded) + looks}"
            ),
            "BENCH_LOOKS": str(int(looks)),
            "BENCH_GUARDS": str(int(guarded)),
            "TRIAGE_LEDGER_URL": world.postgres.url(world.postgres.create()),
            "TRIAGE_MODEL": "openai/stub-1",
            "TRIAGE_MODEL_API_BASE": f"{world.stub_url}/v1",
            "TRIAGE_MODEL_API_KEY": "bench",
            "TRIAGE_MODEL_PRICE": "0.1,0.5",
            "BENCH_STUB": world.stub_url,
        }
        self.shop: Shop = open_shop(Environment.read(self._variables))
        migrating.migrate(self.shop.ledger.engine)
        self._batches = 0
        self._before = 0

    def command(self) -> tuple[list[str], Mapping[str, str]]:
        words = [sys.executable, "-m", "celery", "-A", "tests.bench.fleet_app"]
        return words, self._variables

    def enqueue(self, count: int) -> float:
        self._before = self._written()
        self._batches += 1
        path = self.world.folder / f"{self.name}-{self._batches}.jsonl"
        _fill(path, count, f"{self.name}{self._batches}")
        # The measured helpdesk is the stub; the embedded one need not hear of the tickets.
        intake = replace(open_intake(self.shop), deliver=lambda tickets: [True] * len(tickets))
        begun = time.monotonic()
        intake.poll(open_inbox(f"file:{path}", self.shop))
        return time.monotonic() - begun

    def done(self) -> int:
        return self._written() - self._before

    def _written(self) -> int:
        return self.shop.ledger.books().states[State.WRITTEN]


class ChainSide(Side):
    """A bare Celery chain of four tasks."""

    name = "chain"

    def __init__(self, world: World, concurrency: int) -> None:
        super().__init__(world, concurrency)
        self._variables = {"BENCH_BROKER": world.broker_url, "BENCH_STUB": world.stub_url}
        self._batches = 0

    def command(self) -> tuple[list[str], Mapping[str, str]]:
        return [sys.executable, "-m", "celery", "-A", "tests.bench.chain"], self._variables

    def enqueue(self, count: int) -> float:
        self.world.redis.delete("chain:done")
        self._batches += 1
        names = [f"C{self._batches}-{number}" for number in range(count)]
        program = Path(__file__).with_name("chain_producer.py")
        done = subprocess.run(
            [sys.executable, program],
            env={**os.environ, **self._variables},
            input="\n".join(names),
            text=True,
            capture_output=True,
            check=True,
        )
        return float(done.stdout)

    def done(self) -> int:
        return int(self.world.redis.get("chain:done") or 0)


def _fill(path: Path, count: int, batch: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            name = f"{batch}-{number}"
            requester = {"email": f"c{number % 1_000}@example.com", "name": name}
            file.write(json.dumps({"id": name, "requester": requester, **LINE}) + "\n")
