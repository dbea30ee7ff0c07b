"""The servers of a benchmark: the stub, a Redis, a PostgreSQL with fsync."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from redis import Redis

from tests.servers.postgres import Postgres
from worker.broker import server


@dataclass(frozen=True, kw_only=True)
class World:
    """Where everything is."""

    folder: Path
    stub_url: str
    broker_url: str
    redis: Redis
    postgres: Postgres

    def timings(self) -> list[float]:
        """Seconds from each ticket's first request to its last PATCH; they begin anew."""
        with urlopen(f"{self.stub_url}/timings", timeout=30) as answer:  # noqa: S310 - our stub
            return [last - first for first, last in json.load(answer).values() if first]

    def deliveries(self) -> int:
        """Messages that consumers have taken since Redis was started."""
        stats = self.redis.info("commandstats")
        return int(stats.get("cmdstat_zadd", {}).get("calls", 0))


@contextmanager
def world(latency: float) -> Iterator[World]:
    """Starts it all, ends it all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tb")))
        folder.chmod(0o755)  # PostgreSQL runs as another user where we are root
        (folder / "pg").mkdir()
        (folder / "redis").mkdir()
        postgres = Postgres(folder / "pg")
        stack.callback(postgres.stop)
        redis = stack.enter_context(server.start(folder / "redis"))
        stub = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.stub", "--latency", str(latency)],
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(stub.wait)
        stack.callback(stub.terminate)
        assert stub.stdout
        yield World(
            folder=folder,
            stub_url=f"http://127.0.0.1:{stub.stdout.readline().strip()}",
            broker_url=redis.url,
            redis=Redis.from_url(redis.client_url),
            postgres=postgres,
        )
