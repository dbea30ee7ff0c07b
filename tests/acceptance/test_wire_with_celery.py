"""Real Celery workers consume the messages that we build by hand, and lose none of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pytest
from redis import Redis

from tasks.run import RunId
from tests.acceptance.patience import until
from tests.acceptance.tiny_names import BEGUN, DONE, GO
from worker.broker import server
from worker.broker.names import QUEUES, QueueName
from worker.broker.queues import Broker
from worker.broker.wire import Hint

ROOT = Path(__file__).parents[2]
THREADS = 32
SERVED = {"economy", "premium"}
NONE_WAIT = dict.fromkeys(QUEUES, 0)


class Done(TypedDict):
    run: str
    send_n: int
    queue: str
    again: bool
    pid: int


@dataclass(frozen=True, kw_only=True)
class Site:
    """A Redis with nothing on it, and ways to hire workers for it."""

    url: str
    client: Redis
    broker: Broker
    logs: Path
    workers: list["subprocess.Popen[bytes]"]

    def hire(
        self, queues: str, *, threads: int = 4, visibility: int = 300
    ) -> "subprocess.Popen[bytes]":
        name = f"tiny{len(self.workers)}"
        command = [sys.executable, "-m", "celery", "-A", "tests.acceptance.tiny_worker", "worker"]
        options = [f"-c{threads}", "-Q", queues, "-n", f"{name}@%h", "--without-mingle"]
        environment = os.environ | {
            "TEST_BROKER_URL": self.url,
            "TEST_VISIBILITY_SECONDS": str(visibility),
        }
        with (self.logs / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen(
                command + options, cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def done(self) -> list[Done]:
        entries = self.client.lrange(DONE, 0, -1)
        return [json.loads(entry) for entry in entries]


@contextmanager
def _opened(folder: Path) -> Iterator[Site]:
    with server.start(folder / "redis") as redis, Redis.from_url(redis.client_url) as client:
        site = Site(url=redis.url, client=client, broker=Broker(redis.url), logs=folder, workers=[])
        yield site
        for worker in site.workers:
            worker.kill()
            worker.wait()
        site.broker.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with _opened(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with _opened(tmp_path_factory.mktemp("staffed")) as site:
        site.hire("economy,premium", threads=THREADS)
        yield site


@pytest.fixture
def busy(staffed: Site) -> Site:
    """A site with one worker, which has nothing to do yet."""
    staffed.client.delete(DONE, BEGUN, GO)
    assert staffed.broker.depths() == staffed.broker.unacked() == NONE_WAIT
    return staffed


def _hints(queue: QueueName, count: int, name: str = "run") -> list[Hint]:
    return [
        Hint(task="tasks.enrich", run=RunId(f"{name}-{queue}-{n}"), send_n=n, queue=queue)
        for n in range(count)
    ]


def test_every_message_is_consumed_once_and_acknowledged(busy: Site) -> None:
    hints = [*_hints("economy", 200), *_hints("premium", 50)]
    busy.broker.push(hints)
    until(lambda: busy.client.llen(DONE) == len(hints))
    until(lambda: busy.client.hlen("unacked") == 0)
    assert busy.broker.depths() == NONE_WAIT
    assert busy.client.zcard("unacked_index") == 0
    assert sorted((done["run"], done["send_n"], done["queue"]) for done in busy.done()) == sorted(
        (hint.run, hint.send_n, hint.queue) for hint in hints
    )


def test_messages_done_all_at_once_are_all_acknowledged(busy: Site) -> None:
    busy.broker.push(_hints("economy", THREADS, "held"))
    until(lambda: int(busy.client.get(BEGUN) or 0) == THREADS)
    assert busy.broker.unacked() == NONE_WAIT | {"economy": THREADS}
    busy.client.set(GO, 1)
    until(lambda: busy.client.llen(DONE) == THREADS)
    until(lambda: busy.client.hlen("unacked") == 0, 5)


def test_two_copies_of_one_sending_leave_nothing_unacknowledged(busy: Site) -> None:
    """A sending of unknown outcome is repeated; both copies have one tag while under way."""
    busy.broker.push(_hints("economy", 5) * 2)
    until(lambda: busy.client.llen(DONE) == 10)
    until(lambda: busy.client.hlen("unacked") == 0)
    busy.broker.push(_hints("economy", 3 * THREADS, "later"))
    until(lambda: busy.client.llen(DONE) == 10 + 3 * THREADS)
    until(lambda: busy.client.hlen("unacked") == 0)


def test_a_flood_in_one_queue_does_not_keep_another_waiting(busy: Site) -> None:
    busy.broker.push(_hints("economy", 2_000))
    until(lambda: busy.client.llen(DONE) > 100)
    before = busy.client.llen(DONE)
    busy.broker.push(_hints("premium", 1))
    until(lambda: any(done["queue"] == "premium" for done in busy.done()[before:]))
    left = busy.broker.depths()["economy"]
    place = next(n for n, done in enumerate(busy.done()) if done["queue"] == "premium")
    busy.client.delete("economy")
    until(lambda: busy.client.hlen("unacked") == 0)
    assert left > 0
    # What the threads had in hand, and as much again for what was done while the test looked on.
    assert place - before < 2 * THREADS


def test_what_a_killed_worker_had_goes_back_to_its_queues(site: Site) -> None:
    economy, premium = (_hints(queue, 2, "held") for queue in QUEUES if queue in SERVED)
    site.broker.push([*economy, *premium])
    victim = site.hire("economy,premium", visibility=2)
    until(lambda: site.broker.unacked() == NONE_WAIT | {"economy": 2, "premium": 2})
    assert {*site.broker.unacked_hints()} == {*economy, *premium}
    victim.kill()
    victim.wait()
    site.client.set(GO, 1)
    heir = site.hire("premium", visibility=2)
    until(lambda: site.client.llen(DONE) == len(premium))
    assert sorted((d["run"], d["queue"], d["again"], d["pid"]) for d in site.done()) == [
        (hint.run, "premium", True, heir.pid) for hint in premium
    ]
    assert {*site.broker.hints("economy")} == {*economy}
    until(lambda: site.client.hlen("unacked") == 0)
