"""The blind audit: tickets that chance has chosen, labelled by people who do not see the answer.

Which ones it takes depends on a run's id and the fleet's secret alone: not on what was decided, and
not on who asks. Nobody can tell beforehand which ticket will be looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.taxonomy import Taxonomy
from tasks.corrections import said_by, stands
from tasks.errors import OperatorError
from tasks.facts import Facts
from tasks.review import queues
from tasks.run import Run, RunId
from tasks.ticket import Ticket
from worker.compose import Shop
from worker.ledgers.labelling import How, Label
from worker.operating.dossier import open_texts
from worker.operating.values import refuse_unknown

DAYS = 28
"""An older ticket is not asked about any more: who remembers how things were then?"""

DAY = 86_400.0
FACTS = "facts."


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A ticket to be labelled, as its customer wrote it, and what was known of them then.

    Without what its fields hold or held: that would give the answer away.
    """

    run: RunId
    ticket: Ticket
    facts: Facts | None
    left: int  # to be labelled, this one among them

    def as_json(self, taxonomy: Taxonomy) -> dict[str, object]:
        """As docs/interface.md promises it."""
        ticket = self.ticket.model_dump(mode="json", exclude={"fields"})
        shown = {"customer_tier", "account", "billing", "incidents", "interactions", "unavailable"}
        facts = self.facts.model_dump(mode="json", include=shown) if self.facts else None
        return {
            "run": self.run,
            "ticket": ticket,
            "facts": facts,
            "issue_types": [
                {"name": one.name, "description": one.description} for one in taxonomy.issue_types
            ],
            "priorities": [1, 2, 3, 4],
            "queues": list(queues(taxonomy)),
            "left": self.left,
        }


def is_chosen(shop: Shop, run: RunId) -> bool:
    """Whether chance has chosen it."""
    return shop.vault.lot(run) < shop.config.policy.audit.share


def next_of(shop: Shop, by: str) -> Asked | None:
    """The oldest that nobody has labelled, claimed for `by`; None: there is none for them.

    Whoever has seen its answer gets another one, and so does whoever comes while it is claimed.
    """
    ledger, now = shop.ledger, shop.clock.now()
    lapsed = now - shop.config.policy.audit.claim_seconds
    open_ones = list(_unlabelled(shop, now))
    claims = ledger.claims()
    for place, run in enumerate(open_ones):
        who, at = claims.get(run.id, (by, now))
        is_anothers = who != by and lapsed < at <= now
        if is_anothers or has_seen(shop, run, by):
            continue
        texts = texts_of(shop, run)
        if texts and ledger.claim_audit(run.id, by, now, lapsed):
            ticket, facts = texts
            return Asked(run=run.id, ticket=ticket, facts=facts, left=len(open_ones) - place)
    return None


def _unlabelled(shop: Shop, now: float) -> Iterator[Run]:
    written = shop.ledger.written_since(now - DAYS * DAY)
    chosen = [run for run in written if is_chosen(shop, run)]
    done = {label.run for label in shop.ledger.labels([How.AUDIT])}
    yield from shop.ledger.standing_of([run for run in chosen if run not in done])


def has_seen(shop: Shop, run: Run, by: str) -> bool:
    """Whether they have decided it in a review, or changed it afterwards."""
    return any(one.by == by and one.how is not How.AUDIT for one in shop.ledger.labels_of(run.id))


def texts_of(shop: Shop, run: Run) -> tuple[Ticket, Facts | None] | None:
    """None where they were forgotten, or their time is over: of these there is nothing to ask."""
    texts = open_texts(run, shop.ledger, shop.vault)
    try:
        ticket = Ticket.model_validate_json(texts.get("ticket", ""))
    except ValueError:
        return None
    newest = max((name for name in texts if name.startswith(FACTS)), key=_number, default=None)
    return ticket, Facts.model_validate_json(texts[newest]) if newest else None


def _number(name: str) -> int:
    return int(name.removeprefix(FACTS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What somebody has said of a ticket, beside what was decided. `again`: they know it by now."""

    run: Run
    labels: tuple[Label, ...]
    again: bool

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it."""
        return {
            "run": self.run.id,
            "ticket": self.run.external_id,
            "again": self.again,
            "fields": [
                {"field": one.field, "said": one.said, "truth": one.truth, "right": one.is_right}
                for one in self.labels
            ],
        }


def label(shop: Shop, name: str, truths: Mapping[str, str], by: str) -> Answered:
    """Keeps what they say, whatever was said of it before. Raises OperatorError."""
    refuse_unknown(shop.config.taxonomy, truths)
    run = _meant(shop, name, by)
    if has_seen(shop, run, by):
        raise OperatorError(f"you have seen what was decided about {name}: take another one")
    before = [one for one in shop.ledger.labels_of(run.id) if one.how is How.AUDIT]
    if by not in {one.by for one in before}:
        _refuse_unshown(shop, run, by)
    said, now = said_by(run), shop.clock.now()
    labels = tuple(
        Label(
            run=run.id,
            field=field,
            how=How.AUDIT,
            said=said.get(field),
            truth=truth,
            by=by,
            at=now,
        )
        for field, truth in truths.items()
    )
    shop.ledger.label(labels)
    shop.ledger.end_claim(run.id)
    return Answered(run=run, labels=labels, again=bool(before))


def _refuse_unshown(shop: Shop, run: Run, by: str) -> None:
    """Raises OperatorError where somebody else is at it, or nobody has shown it to them."""
    now, seconds = shop.clock.now(), shop.config.policy.audit.claim_seconds
    who, at = shop.ledger.claims().get(run.id, ("", 0.0))
    if who == by:
        return
    if now - seconds < at <= now:
        says = f"is {who}'s for now: `triage audit next` shows you another one"
    else:
        says = "was not shown to you: label what `triage audit next` shows"
    raise OperatorError(f"{run.external_id} {says}")


def _meant(shop: Shop, name: str, by: str) -> Run:
    """The run of that name that is in the audit; of several the one that they were shown."""
    found = [run for run in shop.ledger.named(name) if stands(run) and is_chosen(shop, run.id)]
    if not found:
        message = f"{name!r} is not in the audit: label what `triage audit next` shows"
        raise OperatorError(message)
    claims = shop.ledger.claims()
    mine = [run for run in found if claims.get(run.id, ("", 0.0))[0] == by]
    meant = mine or found
    if len({run.ticket for run in meant}) > 1:
        ids = ", ".join(f"{run.id} ({run.source})" for run in meant)
        raise OperatorError(f"{name!r} is a ticket of several sources: name the run: {ids}")
    return meant[0]
