"""The ledger in a database: SQLite or PostgreSQL, by the URL."""

from collections.abc import Sequence

from sqlalchemy import Engine

from config.guards import Caps
from tasks.accounts import SCOPES
from tasks.ports.ledger import Change, Claim, Claimed, Reserved
from worker.ledgers.accounting import LedgerAccounting
from worker.ledgers.alerting import LedgerAlerting
from worker.ledgers.correcting import LedgerCorrecting
from worker.ledgers.forgetting import LedgerForgetting
from worker.ledgers.handing import LedgerHanding
from worker.ledgers.ingesting import LedgerIngesting
from worker.ledgers.labelling import LedgerLabelling
from worker.ledgers.measuring import LedgerMeasuring
from worker.ledgers.noticing import LedgerNoticing
from worker.ledgers.pausing import LedgerPausing
from worker.ledgers.postgres import PostgresLane
from worker.ledgers.reading import LedgerReading
from worker.ledgers.reaping import LedgerReaping
from worker.ledgers.recalling import LedgerRecalling
from worker.ledgers.reviewing import LedgerReviewing
from worker.ledgers.sourcing import LedgerSourcing
from worker.ledgers.sqlite import SqliteLane
from worker.ledgers.summoning import LedgerSummoning
from worker.ledgers.switching import LedgerSwitching
from worker.ledgers.tripping import LedgerTripping


class SqlLedger(
    LedgerReading,
    LedgerIngesting,
    LedgerReaping,
    LedgerPausing,
    LedgerRecalling,
    LedgerHanding,
    LedgerSourcing,
    LedgerAccounting,
    LedgerNoticing,
    LedgerTripping,
    LedgerSwitching,
    LedgerAlerting,
    LedgerForgetting,
    LedgerLabelling,
    LedgerReviewing,
    LedgerSummoning,
    LedgerCorrecting,
    LedgerMeasuring,
):
    """Implements the ledger port, and what the upkeep of a fleet needs besides."""

    def __init__(self, engine: Engine, caps: Caps | None = None) -> None:
        """`caps` are config's, for scopes of which no operator has said anything."""
        self.engine = engine
        self.caps = {scope: (caps or Caps()).of(scope) for scope in SCOPES}
        on_postgres = engine.dialect.name == "postgresql"
        self._lane = PostgresLane(engine) if on_postgres else SqliteLane(engine)

    def claim(self, claims: Sequence[Claim], at: float) -> Sequence[Claimed | None]:
        """Gives each run to its claimer, unless the message is out of date."""
        return self._lane.claim(claims, at)

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Commits what still fits; says for each change whether it did. Raises ValueError."""
        if any(change.after.reserved for change in changes):
            message = "money is reserved by `reserve`"
            raise ValueError(message)
        return self._lane.commit(changes)

    def reserve(self, changes: Sequence[Change]) -> Sequence[Reserved]:
        """Commits what still fits, its run's state and the day's caps; what came of each."""
        return self._lane.reserve(changes, self.caps)

    def close(self) -> None:
        """Closes every connection."""
        self._lane.close()
        self.engine.dispose()
