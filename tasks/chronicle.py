"""What the ledger says of each step: from a case or a detour to events and texts.

Event bodies hold ids, listed values, numbers and hashes; what a customer or a model wrote goes
into texts, which are encrypted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never, cast

from config.taxonomy import Taxonomy
from tasks.case import Classified, Enriched, Validated, Written
from tasks.causes import Cause
from tasks.decision import Decision
from tasks.detour import Degrade, Detour, Drop, GiveUp, NeedsHuman, Promote, Wait
from tasks.errands.hand_over import HandedOver
from tasks.errands.recall import Recalled
from tasks.errands.taking_back import batch_in
from tasks.events import Body, Event, Kind
from tasks.journey import fold
from tasks.ports.ledger import Intent
from tasks.run import Outcome, Run, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event to be, with the texts and writes that belong to it."""

    kind: Kind
    body: Body
    texts: Mapping[str, str] = field(default_factory=dict)
    writes: tuple[Intent, ...] = ()


DEATHS = 2
"""Of processes that had nothing else, after which a run is poison."""

Advanced = Enriched | Classified | Validated | Written


def of_case(case: Advanced, taxonomy: Taxonomy) -> Entry:
    """What a finished stage says."""
    match case:
        case Enriched():
            return _enriched(case)
        case Classified():
            return _classified(case, taxonomy)
        case Validated():
            return _validated(case)
        case Written():
            results = {result.target: result.outcome for result in case.results}
            body = {"outcome": case.outcome, "results": results}
            return Entry(kind=Kind.WRITTEN, body=body, writes=case.results)
        case _:
            assert_never(case)


def of_detour(detour: Detour, run: Run) -> tuple[Entry, ...]:
    """What a detour from the run's present stage says."""
    match detour:
        case Wait():
            waiting = Entry(kind=Kind.WAITING, body=_waiting(detour))
            failed = Entry(kind=Kind.FAILED, body={"stage": run.stage, "why": detour.why})
            return (failed, waiting) if detour.spends_attempt else (waiting,)
        case NeedsHuman():
            return (_in_review(run, detour),)
        case GiveUp():
            return (
                Entry(kind=Kind.FAILED, body={"stage": run.stage, "why": detour.why}),
                buried(run, detour),
            )
        case Promote() | Degrade():
            kind = Kind.PROMOTED if isinstance(detour, Promote) else Kind.DEGRADED
            body = {"from": run.tier, "to": detour.tier, "why": detour.why}
            return (Entry(kind=kind, body=body),)
        case Drop():
            body = {"cause": detour.cause, "why": detour.why, "by": "triage-fleet"}
            return (Entry(kind=Kind.DROPPED, body=body, writes=detour.writes),)
        case _:
            assert_never(detour)


def _in_review(run: Run, detour: NeedsHuman) -> Entry:
    body: dict[str, object] = {"stage": run.stage, "reason": detour.reason, "why": detour.why}
    body |= {"until": detour.until} if detour.until is not None else {}
    return Entry(kind=Kind.IN_REVIEW, body=body, writes=detour.writes)


def _waiting(wait: Wait) -> Body:
    body = {"until": wait.until, "reason": wait.reason, "why": wait.why}
    return body | ({"waits_for": wait.waits_for} if wait.waits_for else {})


def recalling(run: Run, *, batch: str, by: str, why: str, keys: Sequence[str], undo: bool) -> Entry:
    """It is sent back to the helpdesk, to take back the writes with these keys."""
    back = {"state": run.state, "stage": run.stage, "reason": run.reason, "why": run.why}
    body = {"batch": batch, "by": by, "why": why, "keys": list(keys), "undo": undo, "back": back}
    return Entry(kind=Kind.RECALLING, body=body)


def recalled(case: Recalled, asked: Body, events: Sequence[Event]) -> Entry:
    """What came of it; `asked` is the event that asked for it, `events` are all of its run's."""
    results = {result.target: result.outcome for result in case.results}
    body = {
        "batch": asked["batch"],
        "results": results,
        "back": asked["back"],
        "outcome": _undone(case, asked, events) if asked["undo"] else Outcome.RECALLED,
    }
    return Entry(kind=Kind.RECALLED, body=body, writes=case.results)


def reviewed(decision: Decision, verb: str, why: str | None) -> Entry:
    """A person has decided, and it goes on to be written as they say; `verb`: how they did."""
    body = {
        "decision": verb,
        "by": decision.by,
        "why": why,
        "issue_type": decision.issue_type,
        "priority": decision.priority,
        "queue": decision.queue,
        "escalated": decision.escalation.criterion if decision.escalation else None,
        "choices": [choice.model_dump() for choice in decision.choices],
    }
    texts = {"decision": decision.model_dump_json()}
    return Entry(kind=Kind.REVIEWED, body=body, texts=texts)


def returned(by: str, why: str | None) -> Entry:
    """A person has left it to those who have its queue."""
    return Entry(kind=Kind.REVIEWED, body={"decision": "return", "by": by, "why": why})


def handing_over(run: Run, why: str, *, is_news: bool = False) -> Entry:
    """It is sent to the helpdesk, to be given to people.

    `is_news`: they hear why even where they were told already that it would come to this.
    """
    back: dict[str, object] = {
        "state": run.state,
        "stage": run.stage,
        "reason": run.reason,
        "why": run.why,
        "due_at": run.due_at,
        "waits_for": run.waits_for,
        "attempts": run.attempts,
    }
    if run.state is State.WAITING and run.due_at is not None:
        back["waits"] = run.due_at - run.changed_at  # seconds
    return Entry(kind=Kind.HANDING_OVER, body={"why": why, "is_news": is_news, "back": back})


def handed_over(case: HandedOver, back: object = None) -> Entry:
    """What came of it; `back` is where it was, if it was sent for this."""
    results = {result.target: result.outcome for result in case.results}
    body = {"results": results, "back": back}
    return Entry(kind=Kind.HANDED_OVER, body=body, writes=case.results)


def _undone(case: Recalled, asked: Body, events: Sequence[Event]) -> Outcome | None:
    """The outcome from before the recall that is undone; less, where a person has chosen since."""
    batches = {batch_in(key) for key in cast("Sequence[str]", asked["keys"])}
    asking = (n for n, one in enumerate(events) if one.body.get("batch") in batches)
    until = next(asking, len(events))
    outcome = fold(events[:until]).outcome
    kept = any(result.outcome == "kept" for result in case.results)
    return Outcome.PARTLY if kept and outcome is Outcome.APPLIED else outcome


def sent_again(run: Run) -> Entry:
    """It is sent with the next number, which makes every older message of it out of date."""
    return Entry(kind=Kind.SENT, body={"send_n": run.send_n + 1})


def after_company() -> Entry:
    """The process has died that it was carried in with other suspects: it may be the one."""
    return Entry(kind=Kind.SUSPECTED, body={})


def after_death(run: Run) -> tuple[Entry, ...]:
    """A process that had nothing but this run has died: once may be chance, twice is poison."""
    died = Entry(kind=Kind.DIED, body={"stage": run.stage})
    if run.deaths + 1 < DEATHS:
        return (died, sent_again(run))
    why = f"{DEATHS} processes died over it, each with nothing else to do"
    return (died, buried(run, GiveUp(cause=Cause.POISON, why=why)))


def buried(run: Run, detour: GiveUp) -> Entry:
    """The dead letter."""
    return Entry(
        kind=Kind.BURIED, body={"stage": run.stage, "cause": detour.cause, "why": detour.why}
    )


def _enriched(case: Enriched) -> Entry:
    facts, context = case.facts, case.context
    summary = context.summary
    return Entry(
        kind=Kind.ENRICHED,
        body={
            "tier": case.tier,
            "rule": case.rule,
            "customer_tier": facts.customer_tier,
            "incidents": [incident.id for incident in facts.incidents],
            "unavailable": sorted(facts.unavailable),
            "why_unavailable": dict(facts.unavailable),
            "stale": sorted(facts.stale),
            "fetched_at": facts.fetched_at,
            "language": context.language,
            "summary": summary and {"of_turns": len(summary.covers), "made_by": summary.made_by},
            "no_summary_by_model": context.gap,
            "earlier_tickets": len(context.before),
        },
        texts={"facts": facts.as_json(), "context": context.as_json()},
    )


def _classified(case: Classified, taxonomy: Taxonomy) -> Entry:
    """An off-list value is the model's own text, so it has no place in an event."""
    issue = taxonomy.issue_type(case.verdict.issue_type)
    criteria = [taxonomy.criterion(piece.criterion) for piece in case.verdict.evidence]
    return Entry(
        kind=Kind.CLASSIFIED,
        body={
            "issue_type": issue.name if issue else None,
            "priority": case.verdict.priority if 1 <= case.verdict.priority <= 4 else None,  # noqa: PLR2004 - as config.taxonomy.Priority
            "escalate": case.verdict.escalate,
            "criteria": [criterion.id for criterion in criteria if criterion],
            "question": case.answer.question,
            "model": case.answer.model,
            "measured": {name: round(value, 6) for name, value in case.answer.measured.items()},
        },
    )


def _validated(case: Validated) -> Entry:
    decision = case.decision
    return Entry(
        kind=Kind.VALIDATED,
        body={
            "issue_type": decision.issue_type,
            "priority": decision.priority,
            "queue": decision.queue,
            "escalated": decision.escalation.criterion if decision.escalation else None,
            "choices": [choice.model_dump() for choice in decision.choices],
            "suggested": list(decision.suggested),
        },
        texts={"decision": decision.model_dump_json()},
    )
