"""What the fleet may do now, as this process last heard.

What is paused, how far sources go, and which guards an operator has switched off.
"""

import asyncio

from config.mode import Mode, more_careful
from tasks.causes import WaitReason
from tasks.detour import Wait
from tasks.ports.clock import Clock
from tasks.run import Run, StageName
from worker.ledgers.pausing import EVERYTHING
from worker.ledgers.sql import SqlLedger


class Gate:
    """Asked before each stage; told by the ledger every second."""

    def __init__(self, ledger: SqlLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._heard_at = 0.0
        self.scopes: frozenset[str] = frozenset()
        self._modes: dict[str, Mode] = {}
        self._known: set[str] = set()
        self._off: dict[str, float] = {}

    def off(self) -> frozenset[str]:
        """The guards (config.guards.GUARDS) that are off now; each is on again at its time."""
        now = self._clock.now()
        return frozenset(name for name, until in self._off.items() if now < until)

    def look(self) -> None:
        """Hears what holds now. Raises LedgerDown: what was heard last then stands."""
        self.scopes = frozenset(pause.scope for pause in self._ledger.pauses())
        self._hear_of_guards()
        self._hear_of_sources()

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

    async def mode(self, run: Run) -> Mode:
        """What may be done in its helpdesk.

        The ledger is asked of a source that this process meets for the first time: what has begun
        after the last look would else be taken for one that may do all. So it is where no heart
        makes this process look (a suspects' one has none). Raises LedgerDown then.
        """
        is_stale = self._clock.monotonic() - self._heard_at > STALE_SECONDS
        if is_stale or run.source not in self._known:
            await asyncio.to_thread(self._hear_of_sources)
            self._known.add(run.source)
        return more_careful(run.mode or Mode.AUTO, self._modes.get(run.source, Mode.AUTO))

    def _hear_of_guards(self) -> None:
        now = self._clock.now()
        self._off = {guard.name: guard.until for guard in self._ledger.guards_off(now)}

    def _hear_of_sources(self) -> None:
        self._heard_at = self._clock.monotonic()
        self._modes = {source.name: source.mode for source in self._ledger.sources()}


class OpenGate(Gate):
    """Pauses nothing: for what an operator does by hand, while the fleet is paused too."""

    def wait(self, run: Run, stage: StageName, now: float) -> Wait | None:  # noqa: ARG002 - as a gate
        """Nothing."""
        return None


STALE_SECONDS = 3.0
PAUSED_SECONDS = 86_400.0
"""When somebody looks again by itself; a resume is noticed within seconds."""
