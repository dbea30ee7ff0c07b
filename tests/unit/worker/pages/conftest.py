"""Something to look at, and a camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import Environment
from config.load import Config, load
from tests.twins.clock import StillClock
from tests.unit.worker.pages.scene import Scene
from worker.alerts.lookout import Lookout
from worker.broker.queues import Broker
from worker.broker.url import socket_url
from worker.ledgers.sql import SqlLedger
from worker.pages.snapshot import Camera


@pytest.fixture
def scene(ledger: SqlLedger) -> Scene:
    """An empty ledger, on each database in turn, to which something may happen."""
    return Scene(ledger)


@pytest.fixture(scope="session")
def config() -> Config:
    return load(Environment.read({}))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Nobody listens there."""
    broker = Broker(socket_url(tmp_path / "no.sock"))
    yield broker
    broker.close()


@pytest.fixture
def camera(scene: Scene, broker: Broker, config: Config, clock: StillClock) -> Camera:
    return Camera(scene.ledger, broker, config, clock, Lookout(scene.ledger, config))
