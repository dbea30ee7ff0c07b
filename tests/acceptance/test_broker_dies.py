"""Redis is killed under a worker again and again; the worker is the same one afterwards."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.fleet import Place, a_line, a_place, lend
from tests.acceptance.patience import until
from tests.chaos.stores import Broker

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "8", "--without-gossip", "--without-mingle")
TIMES = 6
TEXT = "My new card has not arrived yet"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "redis", tmp_path / "redis.log")
    until(broker.is_up)
    yield broker
    broker.close()


@pytest.fixture
def place(tmp_path: Path, taught: Path, broker: Broker) -> Iterator[Place]:
    place = a_place(tmp_path, {"TRIAGE_BROKER_URL": broker.url})
    lend(taught, place)
    yield place
    place.clear()


def test_a_worker_outlives_its_broker(place: Place, broker: Broker) -> None:
    worker = place.start(*WORKER, command=CELERY)
    for time in range(TIMES):
        place.take_in(*[a_line(f"T-{time}-{number}", TEXT) for number in range(8)])
        until(place.is_settled, 40)
        broker.kill()
        broker.start()
        until(broker.is_up)
    assert worker.process.poll() is None, worker.err.read_text()[-3_000:]
    assert "Unrecoverable" not in worker.err.read_text()
    assert worker.end().code == 0
