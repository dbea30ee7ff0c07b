"""Builds a run's case again from the ledger, so that work goes on where it stopped."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from config.taxonomy import Taxonomy
from tasks.case import Answer, Classified, Enriched, Received, Validated
from tasks.classify import read_verdict
from tasks.context import Context
from tasks.decision import Decision
from tasks.events import Event, Kind
from tasks.facts import Facts
from tasks.ports.model import Purpose, Signals
from tasks.repeats import agreeing, of
from tasks.review import is_live, to_be_written
from tasks.run import Run
from tasks.ticket import Ticket
from tasks.verdict import Verdict

Resumed = Received | Enriched | Classified | Validated


def resume(
    run: Run,
    ticket: Ticket,
    events: Sequence[Event],
    texts: Mapping[str, str],
    *,
    is_outlived: Callable[[Facts], bool],
    taxonomy: Taxonomy,
) -> Resumed:
    """The case that `run.stage` starts from.

    A decision that names what the taxonomy does not have any more is validated again. `texts` are
    the run's bodies by name (`NAME.SEQ`). Facts that are outlived are fetched again: the case then
    starts at enrich. Where a text was forgotten or expired the case starts as
    far back as it must.
    """
    received = Received(
        run=run.id,
        tier=run.tier,
        ticket=ticket,
        answers=tuple(_answers(events, texts, "classify")),
        judgements=tuple(_answers(events, texts, "judge")),
        repeats=tuple(_answers(events, texts, "repeat")),
        notes=tuple(_answers(events, texts, "summarise", "compress")),
        known=_context(events, texts),
    )
    if run.stage in ("intake", "enrich"):
        return received
    enriched = _enriched(received, run, events, texts)
    if enriched is None or (run.stage == "classify" and is_outlived(enriched.facts)):
        return received
    if run.stage == "classify":
        return enriched
    decision = _decision(events, texts) if run.stage == "write" else None
    if decision is not None and not is_live(decision, taxonomy):
        decision = None
    if decision is not None and decision.by:
        return to_be_written(enriched, decision)
    classified = _classified(enriched)
    if classified is None:
        return enriched
    return Validated(classified=classified, decision=decision) if decision else classified


def _decision(events: Sequence[Event], texts: Mapping[str, str]) -> Decision | None:
    """The last one, a model's or a person's."""
    kept = _last(events, texts, (Kind.VALIDATED, Kind.REVIEWED), "decision")
    return Decision.model_validate_json(kept) if kept else None


def _enriched(
    received: Received, run: Run, events: Sequence[Event], texts: Mapping[str, str]
) -> Enriched | None:
    facts = _last(events, texts, (Kind.ENRICHED,), "facts")
    if facts is None:
        return None
    rule = next(str(e.body["rule"]) for e in reversed(events) if e.kind is Kind.ENRICHED)
    return Enriched(
        received=received,
        facts=Facts.model_validate_json(facts),
        tier=run.tier,
        rule=rule,
        context=_context(events, texts) or Context(),
    )


def _context(events: Sequence[Event], texts: Mapping[str, str]) -> Context | None:
    """As this attempt of the run has put it together last; None where it has not yet."""
    for event in reversed(events):
        if _begins_anew(event):
            break
        if event.kind is Kind.ENRICHED and f"context.{event.seq}" in texts:
            return Context.model_validate_json(texts[f"context.{event.seq}"])
    return None


def _begins_anew(event: Event) -> bool:
    """A requeue starts with fresh budgets, unless it writes."""
    return event.kind is Kind.REQUEUED and event.body["stage"] != "write"


def _classified(enriched: Enriched) -> Classified | None:
    """From the last recorded answer: the model is not asked again."""
    answers = enriched.received.answers
    if not answers:
        return None
    verdict = read_verdict(answers[-1])
    if not isinstance(verdict, Verdict):
        return None
    received = enriched.received
    answer = agreeing(answers[-1], of(answers[-1], received.repeats))
    return Classified(enriched=enriched, verdict=verdict, answer=answer, answers=answers)


def _answers(events: Sequence[Event], texts: Mapping[str, str], *purposes: Purpose) -> list[Answer]:
    """Answers of this attempt of the run to what was asked for one of these purposes."""
    answers: list[Answer] = []
    for event in events:
        if _begins_anew(event):
            answers = []
        elif (
            event.kind is Kind.ANSWERED
            and event.body.get("purpose", "classify") in purposes
            and f"answer.{event.seq}" in texts
        ):
            answers.append(_answer(event, texts))
    return answers


def _answer(event: Event, texts: Mapping[str, str]) -> Answer:
    body = cast("Mapping[str, Any]", event.body)
    measured = body["signals"]
    return Answer(
        model=body["model"],
        tier=body["tier"],
        question=body["question"],
        text=texts[f"answer.{event.seq}"],
        finish_reason=body["finish_reason"],
        stands_in=body.get("stands_in"),
        measured=body.get("measured") or {},
        placeholders=json.loads(texts.get(f"placeholders.{event.seq}", "{}")),
        refusal=texts.get(f"refusal.{event.seq}", "") if body["refused"] else None,
        signals=None
        if measured is None
        else Signals(
            confidence=measured["confidence"],
            threshold=measured["threshold"],
            abstains=measured["abstains"],
            ranking=tuple((name, share) for name, share in measured["ranking"]),
        ),
    )


def _last(
    events: Sequence[Event], texts: Mapping[str, str], kinds: tuple[Kind, ...], name: str
) -> str | None:
    found = (texts.get(f"{name}.{event.seq}") for event in reversed(events) if event.kind in kinds)
    return next((text for text in found if text is not None), None)
