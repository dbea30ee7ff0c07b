"""What of the work is paused, as this process last heard."""

from tasks.causes import WaitReason
from tasks.detour import Wait
from tasks.run import Run, StageName
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

    def wait(self, run: Run, stage: StageName, now: float) -> Wait | None:
        """What a run that comes to this stage has to do first; None: it may go on."""
        asked = (EVERYTHING, run.tier, stage)
        closed = next((scope for scope in asked if scope in self.scopes), None)
        if closed is None:
            return None
        return Wait(
            until=now + PAUSED_SECONDS,
            reason=WaitReason.PAUSED,
            why=f"an operator has paused {closed}",
            spends_attempt=False,
        )


class OpenGate(Gate):
    """Lets everything through: for what an operator does by hand, while the fleet is paused too."""

    def look(self) -> None:
        """Nothing."""


PAUSED_SECONDS = 86_400.0
"""When somebody looks again by itself; a resume is noticed within seconds."""
