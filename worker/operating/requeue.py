"""Gives a run a new beginning, or lets go of it, as an operator asks."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.load import Config
from tasks.causes import Cause, DropCause
from tasks.chronicle import Entry
from tasks.events import Event, Kind
from tasks.intake import Malformed, parse_ticket
from tasks.ports.facts import CustomerFacts
from tasks.ports.ledger import Change
from tasks.routing import route_at_once
from tasks.run import Run, StageName, State
from tasks.ticket import Ticket
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.carrying.hints import hint_of
from worker.carrying.notebook import change_of
from worker.clock import SystemClock
from worker.intake import Deliver
from worker.ledgers.residence import ELSEWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault

RETRIED = (State.DEAD, State.WAITING, State.IN_REVIEW)
DROPPED = (State.DEAD, State.WAITING, State.IN_REVIEW, State.QUEUED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Why this run is left as it is."""

    run: Run
    why: str


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody at the shell, by name, with what they may move."""

    name: str
    ledger: SqlLedger
    vault: Vault
    config: Config
    clock: SystemClock
    facts: CustomerFacts
    deliver: Deliver
    residence: Residence

    def requeue(self, run: Run, *, force: bool) -> Change | Refused:
        """The change that starts the run at its failed stage with fresh budgets."""
        if run.state not in RETRIED:
            return Refused(run=run, why=f"it is {run.state}")
        if not self.residence.holds(run.source):
            return Refused(run=run, why=ELSEWHERE)
        times = _requeued_for(self.ledger.events(run.id), run.reason)
        if run.state is State.DEAD and times >= self.config.policy.requeues_per_cause and not force:
            why = f"requeued {times} times for {run.reason} already; --force does it once more"
            return Refused(run=run, why=why)
        return self._again(run) if run.stage == "intake" else self._from_stage(run, run.stage)

    def drop(self, run: Run, why: str) -> Change | Refused:
        """The change that lets go of the run."""
        if run.state not in DROPPED:
            return Refused(run=run, why=f"it is {run.state}")
        body = {"cause": DropCause.OPERATOR, "why": why, "by": self.name}
        return self._change(run, Entry(kind=Kind.DROPPED, body=body))

    def _from_stage(self, run: Run, stage: StageName) -> Change:
        # A verdict that meant nothing will mean nothing again: a new one must be had.
        start: StageName = "classify" if stage == "validate" else stage
        if run.state is State.IN_REVIEW:
            start = "enrich"
        return self._begin(run, start, run.tier)

    def _begin(self, run: Run, stage: StageName, tier: str) -> Change:
        body = {"stage": stage, "tier": tier, "by": self.name, "cause": run.reason}
        sent = Entry(kind=Kind.SENT, body={"send_n": run.send_n + 1})
        return self._change(run, Entry(kind=Kind.REQUEUED, body=body), sent)

    def _again(self, run: Run) -> Change | Refused:
        """A malformed message is parsed again, by the rules as they are now."""
        if run.reason == Cause.UNREADABLE:
            return Refused(
                run=run, why="its helpdesk showed nothing; comment on it there, and it is read"
            )
        key = self.ledger.key(run.requester)
        raw = self.ledger.bodies(run.id, ["raw"])
        if key is None or not raw:
            return Refused(run=run, why="its bytes were forgotten or have expired")
        limit = self.config.settings.intake.body_bytes
        found = parse_ticket(self.vault.open_bytes(raw[0], key), body_bytes=limit)
        if isinstance(found, Malformed):
            return Refused(run=run, why=f"still {found.cause}: {found.why}")
        at = self.clock.now()
        text = self.vault.seal(found.as_json(), run=run.id, name="ticket", key=key, at=at)
        routed = route_at_once(found, self.facts, self.config.tiers).tier
        return replace(self._begin(run, "enrich", routed), bodies=(text,))

    def _delivered(self, changes: list[Change]) -> list[Change]:
        """Without those whose ticket's name is another customer's in the helpdesk.

        What could be read at last no helpdesk without an intake of its own has heard of yet.
        """
        read = [change for change in changes if change.bodies]
        told = self.deliver([self._ticket_of(change) for change in read])
        refused = {id(change) for change, ok in zip(read, told, strict=True) if not ok}
        return [change for change in changes if id(change) not in refused]

    def _ticket_of(self, change: Change) -> tuple[str, Ticket]:
        [sealed] = change.bodies
        key = self.ledger.key(sealed.requester)
        assert key  # noqa: S101 - it was sealed under it a moment ago
        return change.before.source, Ticket.model_validate_json(self.vault.open(sealed, key))

    def _change(self, run: Run, *entries: Entry) -> Change:
        return change_of(run, entries, None, vault=self.vault, clock=self.clock)

    def do(self, changes: list[Change], broker: Broker) -> list[Run]:
        """Commits them and tells the broker; the runs that moved. Raises LedgerDown."""
        changes = self._delivered(changes)
        first = [change.after for change in changes if _is_first(change)]
        if first:  # counted before: a crash in between costs a place, and never one too many
            self.ledger.begin_out_of_turn(first)
        accepted = self.ledger.commit(changes)
        moved = [change.after for change, ok in zip(changes, accepted, strict=True) if ok]
        # The ledger has them already: what the broker does not take now, the reaper sends.
        with contextlib.suppress(BrokerDown):
            broker.push([hint_of(run) for run in moved if run.state is State.QUEUED])
        return moved


def _is_first(change: Change) -> bool:
    """Whether the run begins by it, and nobody has had it before."""
    return change.after.state is State.QUEUED and change.before.fence == 0


def _requeued_for(events: Sequence[Event], cause: str | None) -> int:
    """How often the run was requeued for that cause before."""
    return Counter(e.body.get("cause") for e in events if e.kind is Kind.REQUEUED)[cause]
