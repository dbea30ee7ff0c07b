"""Carries a ticket through the pipeline, as far as this worker may take it."""

import asyncio
import contextlib
import traceback
from dataclasses import replace

from tasks.case import Classified, Enriched, Received, Validated, Written
from tasks.causes import DropCause, WaitReason
from tasks.chronicle import Entry, of_case, of_detour, sent_again
from tasks.decide import decide, is_bug
from tasks.desk import Desk
from tasks.detour import Degrade, Detour, Drop, GiveUp, NeedsHuman, Promote, Wait
from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.patience import Slot
from tasks.pipeline import Ready, stage_of, step
from tasks.ports.ledger import Claim, Claimed
from tasks.resume import resume
from tasks.run import ERRANDS, Run, RunId
from tasks.ticket import Ticket
from tasks.waypoints import Waypoint, passing
from worker.carrying.bench import Bench
from worker.carrying.courier import Courier, goes_back_to_work
from worker.carrying.isolation import Isolation
from worker.carrying.notebook import Notebook, change_of
from worker.ledgers.errors import RunLost
from worker.ledgers.residence import ELSEWHERE


class Carrier:
    """Takes a run from a message to where it can go no further here."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._courier = Courier(bench)
        self.isolation: Isolation | None = None
        self.draining = False
        self.carried: set[RunId] = set()

    async def carry(self, run: RunId, send_n: int) -> None:
        """Works on the run, unless the message is out of date. Raises nothing but cancellation."""
        bench = self._bench
        claim = Claim(run=run, send_n=send_n, owner=bench.incarnation())
        claimed = await bench.writer.claim(claim)
        if claimed is None:
            bench.log.debug("hint.stale", run=run, send_n=send_n)
            return
        self.carried.add(run)
        passing(Waypoint.CLAIMED)
        try:
            if claimed.run.suspect and self.isolation:
                await self.isolation.carry(claimed.run)
            else:
                await self._work(claimed)
        except RunLost:
            bench.log.warning("run.lost", run=run)
            await self._look_later(claimed.run)
        finally:
            self.carried.discard(run)

    async def carry_held(self, run: Run) -> None:
        """As `carry`, for a run that is claimed already."""
        claimed = await asyncio.to_thread(self._bench.ledger.held, run)
        if claimed:
            try:
                await self._work(claimed)
            except RunLost:
                await self._look_later(claimed.run)

    async def _look_later(self, run: Run) -> None:
        """We may have sent something after somebody else had taken the run: it is looked for."""
        now = self._bench.clock.now()
        with contextlib.suppress(LedgerDown):
            await asyncio.to_thread(self._bench.ledger.sweep_from, run.id, now)

    async def _work(self, claimed: Claimed) -> None:
        bench = self._bench
        notebook = Notebook(
            claimed.run,
            claimed.key,
            ledger=bench.ledger,
            writer=bench.writer,
            vault=bench.vault,
            clock=bench.clock,
            restored=bench.restored,
        )
        try:
            if not bench.residence.holds(claimed.run.source):
                await self._turn(_elsewhere(bench.clock.now()), None, None, notebook)
            elif claimed.run.stage in ERRANDS:
                await self._run_errand(claimed, notebook)
            else:
                await self._go(claimed, notebook)
        except RunLost:
            raise
        except asyncio.CancelledError:
            # The drain time is over: the run goes back to the queue as it last stood.
            await asyncio.shield(self._release(notebook, "cancelled at the end of the drain time"))
            raise
        except Exception as error:  # noqa: BLE001 - no error may leave a run without a place
            detour, trace = await self._remedy(error, notebook.run)
            if notebook.run.stage == "hand_over" and isinstance(detour, GiveUp):
                await self._come_back(await self._courier.unable(detour, notebook), notebook)
            else:
                await self._turn(detour, trace, ticket=None, notebook=notebook)

    async def _go(self, claimed: Claimed, notebook: Notebook) -> None:
        """On the journey, from where it stands."""
        if claimed.key is None or claimed.ticket is None:
            await self._forgotten(claimed)
            return
        ticket = Ticket.model_validate_json(self._bench.vault.open(claimed.ticket, claimed.key))
        case = await self._begin(claimed.run, ticket, notebook)
        await self._travel(case, ticket, notebook)

    async def _run_errand(self, claimed: Claimed, notebook: Notebook) -> None:
        """What it is to do beside its journey; then it is where it was before."""
        bench = self._bench
        came: Entry | Wait | None = bench.gate.wait(
            notebook.run, notebook.run.stage, bench.clock.now()
        )
        came = came or await self._courier.run(claimed, notebook)
        if isinstance(came, Wait):
            await self._turn(came, None, None, notebook)
        else:
            await self._come_back(came, notebook)

    async def _come_back(self, came: Entry, notebook: Notebook) -> None:
        """From an errand, to where it was."""
        if goes_back_to_work(came):
            await self._leave([came], notebook, ahead=True)
        else:
            run = await notebook.enter(came)
            self._bench.log.info("ticket.errand", run=run.id, done=came.kind)

    async def _begin(self, run: Run, ticket: Ticket, notebook: Notebook) -> Ready:
        """A run that was never worked on needs nothing from the ledger."""
        if run.stage == "enrich" and run.fence == 1:
            return Received(run=run.id, tier=run.tier, ticket=ticket)
        return await asyncio.to_thread(self._resume, run, ticket, notebook)

    def _resume(self, run: Run, ticket: Ticket, notebook: Notebook) -> Ready:
        bench, key = self._bench, notebook.key
        assert key  # noqa: S101 - the ticket was opened with it
        texts = {
            sealed.name: bench.vault.open(sealed, key)
            for sealed in bench.ledger.bodies(run.id)
            if sealed.name != "ticket" and sealed.name.split(".")[0] in RESUMED
        }
        now, usual = bench.clock.now(), bench.config.policy.facts_good_for_seconds
        return resume(
            run,
            ticket,
            bench.ledger.events(run.id),
            texts,
            is_outlived=lambda facts: facts.is_outlived(now, usual),
            taxonomy=bench.config.taxonomy,
        )

    async def _travel(self, case: Ready, ticket: Ticket, notebook: Notebook) -> None:
        """Stage after stage, each committed before the next begins."""
        desk = self._bench.desk(notebook)
        here: Ready | None = case
        slot = Slot(desk.clock, desk.tiers)
        while here is not None:
            paused = self._bench.gate.wait(notebook.run, stage_of(here), self._bench.clock.now())
            if paused:
                await self._turn(paused, None, ticket, notebook)
                return
            if isinstance(here, Validated):
                desk = replace(desk, mode=await self._bench.gate.mode(notebook.run))
            came, extra = await self._try(here, replace(desk, patience=slot), notebook.run)
            slot = Slot(desk.clock, desk.tiers)  # what the commit takes is of the next one's time
            if isinstance(came, Written):
                await notebook.enter(of_case(came, desk.taxonomy))
                self._bench.log.info("ticket.written", run=notebook.run.id, outcome=came.outcome)
                return
            if isinstance(came, Received | Enriched | Classified | Validated):
                here = await self._advance(came, notebook, desk)
            else:
                detour = self._courier.timed(came, here, notebook.run)
                here = await self._turn(detour, extra, ticket, notebook)

    async def _try(
        self, case: Ready, desk: Desk, run: Run
    ) -> tuple[Ready | Written | Detour, Entry | None]:
        """One stage; what it raised has become a decision."""
        try:
            return await step(case, desk), None
        except RunLost:
            raise
        except Exception as error:  # noqa: BLE001 - decide() is total and sorts bugs from weather
            return await self._remedy(error, run)

    async def _remedy(self, error: Exception, run: Run) -> tuple[Detour, Entry | None]:
        detour = decide(
            error,
            attempt=run.attempts + 1,
            policy=self._bench.config.policy,
            now=self._bench.clock.now(),
            chance=self._bench.chance(),
        )
        return detour, await self._trace(error, run) if is_bug(error) else None

    async def _trace(self, error: Exception, run: Run) -> Entry:
        """What a person needs to mend a bug; the traceback may quote the ticket: it is sealed.

        Its first attempt is reported, and those that meet it again name the same report.
        """
        why = f"unexpected {type(error).__name__}"
        known = await asyncio.to_thread(self._reported, run, why)
        sentry = known or self._bench.report(error, run)
        self._bench.log.error("run.bug", run=run.id, error=type(error).__name__, sentry=sentry)
        body = {"stage": run.stage, "why": why, "sentry": sentry}
        text = "".join(traceback.format_exception(error))
        return Entry(kind=Kind.FAILED, body=body, texts={"traceback": text})

    def _reported(self, run: Run, why: str) -> object:
        """The report of the same bug in the same stage since the run last began; None: none yet."""
        try:
            events = self._bench.ledger.events(run.id)
        except LedgerDown:
            return None  # better told twice than never
        same = {"stage": run.stage, "why": why}
        for event in reversed(events):
            if event.kind is Kind.REQUEUED:
                break
            if event.kind is Kind.FAILED and event.body.items() >= same.items():
                return event.body.get("sentry")
        return None

    async def _advance(self, came: Ready, notebook: Notebook, desk: Desk) -> Ready | None:
        """Commits the stage; goes on here while the ticket stays on a queue that we serve."""
        assert not isinstance(came, Received)  # noqa: S101 - no stage gives it
        entries = [of_case(came, desk.taxonomy)]
        tier = came.tier if isinstance(came, Enriched) else notebook.run.tier
        return came if await self._go_on(entries, tier, notebook) else None

    async def _turn(
        self, detour: Detour, trace: Entry | None, ticket: Ticket | None, notebook: Notebook
    ) -> Ready | None:
        """Commits the detour; only a promotion may go on at once."""
        handed = None
        if ticket is not None and isinstance(detour, NeedsHuman | GiveUp):
            detour, handed = await self._courier.tell(detour, ticket, notebook)
        entries = list(of_detour(detour, notebook.run))
        if trace is not None:
            entries = [trace if entry.kind is Kind.FAILED else entry for entry in entries]
        entries = [handed, *entries] if handed else entries
        if not isinstance(detour, Promote | Degrade) or ticket is None:
            run = await notebook.enter(*entries)
            self._bench.log.info("ticket.turned", run=run.id, state=run.state, reason=run.reason)
            return None
        if not await self._go_on(entries, detour.tier, notebook):
            return None
        return await asyncio.to_thread(self._resume, notebook.run, ticket, notebook)

    async def _go_on(self, entries: list[Entry], tier: str, notebook: Notebook) -> bool:
        """Commits, and sends the ticket elsewhere where it has to leave this worker."""
        stays = tier in self._bench.serves and not self.draining
        if stays:
            await notebook.enter(*entries)
            return True
        await self._leave(entries, notebook)
        return False

    async def _release(self, notebook: Notebook, why: str) -> None:
        await self._leave([Entry(kind=Kind.RELEASED, body={"why": why})], notebook, ahead=True)

    async def _leave(
        self, entries: list[Entry], notebook: Notebook, *, ahead: bool = False
    ) -> None:
        run = await notebook.enter(*entries, sent_again(notebook.run))
        await self._bench.hints.send([run], ahead=ahead)

    async def _forgotten(self, claimed: Claimed) -> None:
        """The text is gone, so there is nothing to triage."""
        run = claimed.run
        detour = Drop(cause=DropCause.GONE, why="the ticket's text was forgotten or has expired")
        entry = of_detour(detour, run)[0]
        change = change_of(run, (entry,), None, vault=self._bench.vault, clock=self._bench.clock)
        await self._bench.writer.commit(change)


def _elsewhere(now: float) -> Wait:
    return Wait(
        until=now + ELSEWHERE_SECONDS,
        reason=WaitReason.PARKED,
        why=ELSEWHERE,
        spends_attempt=False,
    )


ELSEWHERE_SECONDS = 1_200.0
"""Until somebody looks again whether that helpdesk is configured."""

RESUMED = frozenset({"facts", "context", "answer", "placeholders", "refusal", "decision"})
"""Texts that a case is built from again; the others are for people."""
