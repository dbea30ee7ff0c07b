"""Carries a run's errands: what is done about its ticket beside the journey."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from tasks.causes import Cause
from tasks.chronicle import Entry, handed_over, recalled
from tasks.detour import GiveUp, NeedsHuman, Wait
from tasks.errands.hand_over import HandedOver, hand_over
from tasks.errands.recall import recall
from tasks.errors import LedgerDown, TriageError
from tasks.events import Kind
from tasks.ports.ledger import Claimed
from tasks.protocol import Sending
from tasks.run import Run, State
from tasks.ticket import Ticket
from worker.carrying.bench import Bench
from worker.carrying.errands import asked_of, entrusted, reopened
from worker.carrying.notebook import Notebook


class Courier:
    """Raises what the helpdesk and the journal raise; it commits nothing by itself."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def run(self, claimed: Claimed, notebook: Notebook) -> Entry | Wait:
        """The errand that the run was sent on: what came of it, to be committed."""
        bench, run = self._bench, notebook.run
        if run.stage == "recall":
            reopening, asked, events = await asyncio.to_thread(reopened, run, bench.ledger)
            came = await recall(reopening, self._sending(notebook))
            return came if isinstance(came, Wait) else recalled(came, asked, events)
        asked = await asyncio.to_thread(asked_of, run, Kind.HANDING_OVER, bench.ledger)
        return await self._entrust(
            run, self._ticket_of(claimed), str(asked["why"]), notebook, back=asked["back"]
        )

    async def entrust(
        self, detour: NeedsHuman | GiveUp, ticket: Ticket, notebook: Notebook
    ) -> Entry | Wait | None:
        """Gives people at once what is about to come to rest; None: it has to be done later.

        The helpdesk may be away just now: the run comes to rest all the same, and the reaper sends
        it there when it can. What broke a worker is for whoever mends it: it would break again.
        """
        is_bug = isinstance(detour, GiveUp) and detour.cause is Cause.BUG
        if is_bug or notebook.run.handed_at is not None:
            return None
        try:
            return await self._entrust(notebook.run, ticket, _why(detour), notebook)
        except LedgerDown:
            raise
        except TriageError as error:
            run = notebook.run.id
            self._bench.log.warning("hand_over.failed", run=run, error=type(error).__name__)
            return None

    async def unable(self, detour: GiveUp, notebook: Notebook) -> Entry:
        """The helpdesk does not take it: the run goes on where it was."""
        run = notebook.run
        self._bench.log.warning("hand_over.failed", run=run.id, error=detour.cause)
        asked = await asyncio.to_thread(asked_of, run, Kind.HANDING_OVER, self._bench.ledger)
        return handed_over(HandedOver(results=()), asked["back"])

    async def _entrust(
        self,
        run: Run,
        ticket: Ticket | None,
        why: str,
        notebook: Notebook,
        *,
        back: object = None,
    ) -> Entry | Wait:
        bench = self._bench
        queue = bench.config.taxonomy.fallback_queue
        mode = await bench.gate.mode(run)
        case = await asyncio.to_thread(entrusted, run, ticket, why, queue, bench.ledger)
        routed = case.routed if _goes_on(back) else frozenset()
        came = await hand_over(replace(case, mode=mode, routed=routed), self._sending(notebook))
        return came if isinstance(came, Wait) else handed_over(came, back)

    def _sending(self, notebook: Notebook) -> Sending:
        bench = self._bench
        return Sending(helpdesk=bench.helpdesk, clock=bench.clock, journal=notebook)

    def _ticket_of(self, claimed: Claimed) -> Ticket | None:
        if claimed.key is None or claimed.ticket is None:
            return None
        return Ticket.model_validate_json(self._bench.vault.open(claimed.ticket, claimed.key))


def goes_back_to_work(entry: Entry) -> bool:
    """Whether the run was on its way when it was sent on this errand."""
    return _state(entry.body.get("back")) == State.QUEUED


def _goes_on(back: object) -> bool:
    """Whether a run that is put back there has not come to rest."""
    return _state(back) in (State.QUEUED, State.WAITING)


def _state(back: object) -> object:
    there = cast("Mapping[str, Any] | None", back)
    return there["state"] if there else None


def _why(detour: NeedsHuman | GiveUp) -> str:
    """For people in the helpdesk."""
    match detour:
        case NeedsHuman():
            return f"Triage Fleet leaves this ticket to you: {detour.reason} ({detour.why})."
        case GiveUp():
            return f"Triage Fleet could not triage this ticket: {detour.cause} ({detour.why})."
