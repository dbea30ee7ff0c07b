"""Carries a run's errands: what is done about its ticket beside the journey."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

from config.mode import Mode
from tasks.causes import Cause
from tasks.chronicle import Entry, handed_over, recalled
from tasks.detour import Detour, GiveUp, NeedsHuman, Wait
from tasks.errands.announce import announce
from tasks.errands.hand_over import HandedOver, hand_over, left_to_people
from tasks.errands.recall import recall
from tasks.errors import LedgerDown, TriageError
from tasks.events import Body, Kind
from tasks.pipeline import Ready
from tasks.ports.ledger import Claimed
from tasks.protocol import Sending
from tasks.review import holds_until, would_call
from tasks.run import Run, State
from tasks.ticket import Ticket
from worker.carrying.bench import Bench
from worker.carrying.errands import asked_of, entrusted, reopened
from worker.carrying.notebook import Notebook

T = TypeVar("T")


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
        ticket, why = self._ticket_of(claimed), str(asked["why"])
        return await self._entrust(run, ticket, why, notebook, asked=asked)

    def timed(self, detour: Detour, case: Ready, run: Run) -> Detour:
        """The same, until when it waits for a person to decide, and whom it calls at once."""
        if not isinstance(detour, NeedsHuman):
            return detour
        now, config = self._bench.clock.now(), self._bench.config
        called = would_call(case, config.taxonomy, config.policy)
        why = f"{detour.why}; {called}" if called else detour.why
        return replace(detour, why=why, until=holds_until(run, case, config.policy, now))

    async def tell(
        self, detour: NeedsHuman | GiveUp, ticket: Ticket, notebook: Notebook
    ) -> tuple[Detour, Entry | None]:
        """Tells people of what is about to come to rest: what becomes of it, and of its ticket.

        The helpdesk may be away just now: the run comes to rest all the same, and the reaper sends
        it there when it can. What broke a worker is for whoever mends it: it would break again.
        """
        if isinstance(detour, NeedsHuman):
            asked = await self._ask_for(detour, ticket, notebook)
            if isinstance(asked, Wait) or asked.until is not None:
                return asked, None
            detour = asked
        is_bug = isinstance(detour, GiveUp) and detour.cause is Cause.BUG
        if is_bug or notebook.run.handed_at is not None:
            return detour, None
        why = _why(detour, notebook.run)
        entrusting = self._entrust(notebook.run, ticket, why, notebook)
        handed = await self._unless_away(entrusting, notebook.run)
        return (handed, None) if isinstance(handed, Wait) else (detour, handed)

    async def _ask_for(
        self, detour: NeedsHuman, ticket: Ticket, notebook: Notebook
    ) -> NeedsHuman | Wait:
        """The same, with a note that it waits for a person; `until` is None where it does not.

        People may have the ticket already, or in any case, since nothing is written in shadow. A
        helpdesk that is away keeps nobody from deciding.
        """
        bench, run = self._bench, notebook.run
        mode = await bench.gate.mode(run)
        if detour.until is None or run.handed_at is not None or mode is Mode.SHADOW:
            return replace(detour, until=None)
        queue, why = bench.config.taxonomy.fallback_queue, _asks(detour, run)
        case = await asyncio.to_thread(entrusted, run, ticket, why, queue, bench.ledger)
        telling = announce(replace(case, mode=mode), detour.until, self._sending(notebook))
        came = await self._unless_away(telling, run)
        if isinstance(came, Wait):
            return came
        return replace(detour, writes=came.results if came else ())

    async def _unless_away(self, doing: Awaitable[T], run: Run) -> T | None:
        """None where the helpdesk does not take it now."""
        try:
            return await doing
        except LedgerDown:
            raise
        except TriageError as error:
            self._bench.log.warning("hand_over.failed", run=run.id, error=type(error).__name__)
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
        asked: Body | None = None,
    ) -> Entry | Wait:
        bench, back = self._bench, asked["back"] if asked else None
        queue = bench.config.taxonomy.fallback_queue
        mode = await bench.gate.mode(run)
        case = await asyncio.to_thread(entrusted, run, ticket, why, queue, bench.ledger)
        routed = case.routed if _goes_on(back) else frozenset()
        announced = case.announced and not (asked or {}).get("is_news")
        case = replace(case, mode=mode, routed=routed, announced=announced)
        came = await hand_over(case, self._sending(notebook))
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


def _why(detour: NeedsHuman | GiveUp, run: Run) -> str:
    """For people in the helpdesk."""
    match detour:
        case NeedsHuman():
            return left_to_people(run.external_id, detour.reason, detour.why)
        case GiveUp():
            return f"Triage Fleet could not triage this ticket: {detour.cause} ({detour.why})."


def _asks(detour: NeedsHuman, run: Run) -> str:
    """As above, while somebody may still decide here."""
    return (
        f"Triage Fleet waits for a person: {detour.reason} ({detour.why})."
        f" Decide with `triage review show {run.external_id}`."
    )
