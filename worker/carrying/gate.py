"""What of the work is paused, as this process last heard."""

from worker.ledgers.pausing import EVERYTHING
from worker.ledgers.sql import SqlLedger


class Gate:
    """Asked before each stage, without I/O; told by the ledger every second."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self.scopes: frozenset[str] = frozenset()

    def look(self) -> None:
        """Hears what is paused now. Raises LedgerDown: what was heard last then stands."""
        self.scopes = frozenset(pause.scope for pause in self._ledger.pauses())

    def closed(self, *, tier: str, stage: str) -> str | None:
        """The scope that keeps work of this tier and stage waiting; None: it may go on."""
        return next((scope for scope in (EVERYTHING, tier, stage) if scope in self.scopes), None)
