"""A ledger to which something may happen, on each database in turn."""

import pytest

from tests.twins.clock import StillClock
from tests.unit.worker.pages.scene import Scene
from worker.ledgers.sql import SqlLedger


@pytest.fixture
def scene(ledger: SqlLedger) -> Scene:
    return Scene(ledger)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()
