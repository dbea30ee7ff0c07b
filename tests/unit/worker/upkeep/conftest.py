"""A sweeper, at the time at which there is something to look at."""

import pytest

from tests.twins.clock import NOON, StillClock
from tests.twins.helpdesk import PLAIN, WatchedHelpdesk
from tests.twins.ticket import a_ticket
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.upkeep.sweeper import Sweeper


@pytest.fixture
def clock() -> StillClock:
    return StillClock(at=NOON + 60)


@pytest.fixture
def helpdesk() -> WatchedHelpdesk:
    return WatchedHelpdesk([a_ticket()], capabilities=PLAIN)


@pytest.fixture
def sweeper(ledger: SqlLedger, helpdesk: WatchedHelpdesk, clock: StillClock) -> Sweeper:
    return Sweeper(ledger, helpdesk, Vault(b"s" * 32, keep_days=1), clock)
