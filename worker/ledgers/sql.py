"""The ledger in a database: SQLite or PostgreSQL, by the URL."""

from collections.abc import Sequence

from sqlalchemy import Engine

from tasks.ports.ledger import Change, Claim, Claimed
from worker.ledgers.alerting import LedgerAlerting
from worker.ledgers.handing import LedgerHanding
from worker.ledgers.ingesting import LedgerIngesting
from worker.ledgers.noticing import LedgerNoticing
from worker.ledgers.pausing import LedgerPausing
from worker.ledgers.postgres import PostgresLane
from worker.ledgers.reading import LedgerReading
from worker.ledgers.reaping import LedgerReaping
from worker.ledgers.recalling import LedgerRecalling
from worker.ledgers.sourcing import LedgerSourcing
from worker.ledgers.sqlite import SqliteLane
from worker.ledgers.switching import LedgerSwitching


class SqlLedger(
    LedgerReading,
    LedgerIngesting,
    LedgerReaping,
    LedgerPausing,
    LedgerRecalling,
    LedgerHanding,
    LedgerSourcing,
    LedgerNoticing,
    LedgerSwitching,
    LedgerAlerting,
):
    """Implements the ledger port, and what the upkeep of a fleet needs besides."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        on_postgres = engine.dialect.name == "postgresql"
        self._lane = PostgresLane(engine) if on_postgres else SqliteLane(engine)

    def claim(self, claims: Sequence[Claim], at: float) -> Sequence[Claimed | None]:
        """Gives each run to its claimer, unless the message is out of date."""
        return self._lane.claim(claims, at)

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Commits what still fits; says for each change whether it did."""
        return self._lane.commit(changes)

    def close(self) -> None:
        """Closes every connection."""
        self._lane.close()
        self.engine.dispose()
