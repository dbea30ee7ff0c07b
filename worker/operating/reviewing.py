"""Somebody at the shell decides about a ticket that no machine decided about."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.load import Config
from tasks.case import Classified, Enriched, Received
from tasks.chronicle import handing_over, returned, reviewed, sent_again
from tasks.corrections import UNTOLD, plain
from tasks.decision import WHY, Decision
from tasks.events import Event, Kind
from tasks.facts import Facts
from tasks.ports.ledger import Change
from tasks.proposal import Proposal, Rules, propose
from tasks.resume import resume
from tasks.review import NOBODY, Objection, Wishes, accepted, corrected
from tasks.run import Run, State
from tasks.ticket import Ticket
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.carrying.hints import hint_of
from worker.carrying.notebook import change_of
from worker.clock import SystemClock
from worker.ledgers.labelling import How, Label
from worker.ledgers.residence import ELSEWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.operating.dossier import FORGOTTEN, open_texts
from worker.operating.left_alone import Left, instead, last_review, told
from worker.operating.moments import iso
from worker.privacy.vault import Vault


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A run in review, with all that there is to decide by."""

    run: Run
    rules: Rules
    proposal: Proposal | None
    events: Sequence[Event]

    @property
    def ticket(self) -> Ticket:
        """What its customer said."""
        return self.rules.case.ticket

    @property
    def since(self) -> float:
        """When it came to wait for a person; of one that never did, when it last changed."""
        came = (e.at for e in reversed(self.events) if e.kind is Kind.IN_REVIEW)
        return next(came, self.run.changed_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What would be done; `decision` is None where nobody decides here."""

    change: Change
    decision: Decision | None = None
    labels: tuple[Label, ...] = ()

    def beside(self, kept: Mapping[str, str | None]) -> "Planned":
        """The same where people have set these in the helpdesk: what stays there is the truth.

        Of a field that they emptied they say nothing that it should be.
        """
        stays = {name: plain(value) for name, value in kept.items() if value}
        labels = tuple(
            replace(one, truth=stays[one.field], by=UNTOLD) if one.field in stays else one
            for one in self.labels
        )
        return replace(self, labels=labels)


@dataclass(frozen=True, kw_only=True)
class Reviewer:
    """Somebody at the shell, by name."""

    name: str
    ledger: SqlLedger
    vault: Vault
    config: Config
    clock: SystemClock
    residence: Residence

    def open(self, run: Run) -> Opened | Left:
        """What there is to decide by, whether or not anybody still may."""
        texts = open_texts(run, self.ledger, self.vault, readably=False)
        if "raw" in texts:  # it was never a ticket
            return instead(run)
        if texts.get("ticket", FORGOTTEN) == FORGOTTEN:
            return Left("its text was forgotten or has expired")
        events = self.ledger.events(run.id)
        case = resume(
            replace(run, stage="validate"),
            Ticket.model_validate_json(texts["ticket"]),
            events,
            texts,
            is_outlived=lambda _: False,
            taxonomy=self.config.taxonomy,
        )
        rules = Rules(
            taxonomy=self.config.taxonomy, policy=self.config.policy, case=_enriched(case, run)
        )
        return Opened(run=run, rules=rules, proposal=propose(rules), events=events)

    def left(self, run: Run) -> Left | None:
        """Why nobody may decide about this run; None: somebody may."""
        newer = [one for one in self.ledger.named(run.external_id) if one.ticket == run.ticket]
        if newer and newer[0].revision > run.revision:
            said = f"its customer has written again: revision {newer[0].revision} counts now"
            return Left(f"{said} (`triage ticket show {run.external_id}`)")
        if not self.residence.holds(run.source):
            return Left(ELSEWHERE)
        if run.is_backfill:
            return Left("it came of a backfill: people have closed it")
        last = last_review(self.ledger.events(run.id))
        if last is not None:  # a ticket that somebody returned is in review still, and decided
            return Left(told(last))
        return None if run.state is State.IN_REVIEW else instead(run)

    def has_returned(self, run: Run) -> bool:
        """Whether somebody has: of one that is in review still, nobody else decides then."""
        last = last_review(self.ledger.events(run.id))
        return last is not None and last.body["decision"] == "return"

    def accept(self, opened: Opened, wishes: Wishes, why: str | None) -> Planned | Objection:
        """The proposal as it is."""
        return self._planned(opened, "accept", why, accepted(*self._asked(opened, wishes)))

    def correct(self, opened: Opened, wishes: Wishes, why: str | None) -> Planned | Objection:
        """A person's values."""
        return self._planned(opened, "correct", why, corrected(*self._asked(opened, wishes)))

    def give_back(self, opened: Opened, why: str | None) -> Planned | Left:
        """Nobody decides here: people have it in the fallback queue, at once."""
        run = opened.run
        if run.handed_at is not None:
            queue = self.config.taxonomy.fallback_queue
            at = iso(run.handed_at)
            return Left(f"people have it already: it was put in the queue {queue} at {at}")
        for_people = f"{self.name} leaves this ticket to you{': ' + why if why else ''}."
        entries = (
            returned(self.name, why),
            handing_over(run, for_people, is_news=True),
            sent_again(run),
        )
        return Planned(change=change_of(run, entries, None, vault=self.vault, clock=self.clock))

    def do(self, planned: Planned, broker: Broker) -> Left | None:
        """Commits it and tells the broker; says who was faster, if anybody. Raises LedgerDown."""
        change = planned.change
        if not self.ledger.decide(change, planned.labels):
            now = self.ledger.run(change.before.id)
            return (self.left(now) if now else None) or Left("somebody was faster: look again")
        # The ledger has it already: what the broker does not take now, the reaper sends.
        with contextlib.suppress(BrokerDown):
            broker.push([hint_of(change.after)], ahead=True)
        return None

    def _asked(self, opened: Opened, wishes: Wishes) -> tuple[Proposal | None, Wishes, Rules, str]:
        return opened.proposal, wishes, opened.rules, self.name

    def _planned(
        self, opened: Opened, verb: str, why: str | None, decision: Decision | Objection
    ) -> Planned | Objection:
        if isinstance(decision, Objection):
            return decision
        run = opened.run
        decision = decision.told(WHY, "said", why) if why else decision
        entries = (reviewed(decision, verb, why), sent_again(run))
        key = self.ledger.key(run.requester)
        change = change_of(run, entries, key, vault=self.vault, clock=self.clock)
        labels = tuple(self._labels(opened, decision))
        return Planned(change=change, decision=decision, labels=labels)

    def _labels(self, opened: Opened, decision: Decision) -> list[Label]:
        """What people say of each field; of an escalation only where anybody has thought of one."""
        said = opened.proposal.values if opened.proposal else {}
        truth = decision.fields()
        if "escalated" in said:
            truth = {"escalated": NOBODY, **truth}
        at = self.clock.now()
        return [
            Label(
                run=opened.run.id,
                field=field,
                how=How.REVIEW,
                said=said.get(field),
                truth=value,
                by=self.name,
                at=at,
            )
            for field, value in sorted(truth.items())
        ]


def _enriched(case: object, run: Run) -> Enriched:
    match case:
        case Classified():
            return case.enriched
        case Enriched():
            return case
        case Received():  # its facts have expired
            facts = Facts(fetched_at=run.ingested_at)
            return Enriched(received=case, facts=facts, tier=run.tier, rule="")
        case _:
            message = f"{run.id} is no case to be reviewed"
            raise TypeError(message)
