"""Redis is killed under a worker again and again; the worker is the same one afterwards."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, a_line, a_place, lend
from tests.acceptance.patience import until
from tests.acceptance.poisonous_app import GATE
from tests.chaos.stores import Broker

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.poisonous_app")
WORKER = ("worker", "-P", "threads", "-c", "8", "--without-gossip", "--without-mingle")
TIMES = 4
LOST = "Connection to broker lost"
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
    """With tickets in its hands, which it brings to their end, and Redis away for a while."""
    gate = place.home / GATE
    place.shop  # noqa: B018 - the schema must be there first
    worker = place.start(*WORKER, command=CELERY)
    for time in range(TIMES):
        gate.touch()
        place.take_in(*[a_line(f"T-{time}-{number}", TEXT) for number in range(8)])
        until(lambda: place.states()[State.RUNNING] == 8, 60)
        broker.kill()
        until(lambda: worker.err.read_text().count(LOST) > time, 30)  # noqa: B023 - called before the next turn
        gate.unlink()
        broker.start()
        until(broker.is_up)
        until(place.is_settled, 60)
    assert worker.process.poll() is None, worker.err.read_text()[-3_000:]
    assert worker.end().code == 0
