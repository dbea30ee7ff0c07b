"""What came before: the language, the thread's earlier turns in short, the requester's tickets."""

from dataclasses import replace
from typing import NamedTuple

from config.prompts import Prompt
from tasks.asking import ask
from tasks.case import Answer, Enriched
from tasks.context import Context, covered
from tasks.desk import Desk
from tasks.errors import BreakerOpen, Held, LedgerDown, Misconfigured, TriageError
from tasks.language import language_of
from tasks.ports.model import Question
from tasks.prompt import digest, to_sum_up
from tasks.sections import tokens
from tasks.summary import RULE, Notes, Summary, Talk, covering, hashes, known_of
from tasks.verdict import Misshapen

FULL = 0.75
"""Of its budget: notes that have grown so far are written anew, shorter, with what is new."""

KEPT_CALLS = 2
"""Of a run's calls, for the question that decides and for asking it once more."""

BROKEN_OFF = frozenset({"length", "content_filter", "refusal"})
"""Ends of an answer that is none."""


class Gap(NamedTuple):
    """Why no model has summed up what was said."""

    why: str
    is_paid: bool  # one was asked, and another try would cost as much


async def recollect(case: Enriched, desk: Desk) -> Context:
    """The context of a case that is being enriched. Raises LedgerDown, and what the journal does.

    Whatever comes of asking a model to sum up, the ticket goes on: a rule takes its place.
    """
    language, is_read = language_of(case.ticket), not _is_all_local(case, desk)
    context = Context(language=language)
    if is_read and desk.policy.context.tickets:
        before = await desk.journal.earlier(desk.policy.context.tickets)
        context = context.model_copy(update={"before": tuple(before)})
    turns = covered(case.ticket, desk.policy.context.turns)
    covers, known = hashes(turns), case.received.known
    if not turns:
        return context
    if known and known.summary and _is_final(known, known.summary, covers):
        kept = {name: getattr(known, name) for name in ("summary", "gap", "is_gap_paid")}
        return context.model_copy(update=kept)
    asks = is_read and desk.taxonomy.supports(language)
    whole = Talk.of(None, turns)
    summary, gap = await _summed_up(whole, covers, case, desk, asks=asks)
    told = {"gap": gap.why, "is_gap_paid": gap.is_paid} if gap else {}
    return context.model_copy(update={"summary": summary, **told})


def _is_all_local(case: Enriched, desk: Desk) -> bool:
    """Whether nobody reads the context: a model without language does not."""
    return all(desk.tiers.model(name).is_local for name in desk.tiers.tier(case.tier).models)


def _is_final(known: Context, summary: Summary, covers: tuple[str, ...]) -> bool:
    """Whether an earlier attempt of this run has had it, or has paid for not having it."""
    is_same = known_of(summary.covers, covers) == len(covers)
    return is_same and (summary.made_by != RULE or known.is_gap_paid)


async def _summed_up(
    whole: Talk, covers: tuple[str, ...], case: Enriched, desk: Desk, *, asks: bool
) -> tuple[Summary, Gap | None]:
    """What was kept, grown by what is new: by a model where that says it shorter, else by rule."""
    most = desk.policy.context.summary
    before = await desk.threads.recall() if asks else None
    since = known_of(before.covers, covers) if before else 0
    if before and since == len(covers):
        return before, None
    if not since and (said := whole.whole(most)):
        return _on(said, (), covers), None
    known: tuple[str, ...] = ()
    talk = whole
    if before and since:
        known, talk = before.covers, Talk.of(before, whole.turns[since:])
    came = await _asked(talk, case, desk) if asks else None
    if isinstance(came, Summary):
        grown = _on(came, known, covers)
        await desk.threads.keep(grown)
        return grown, None
    return _on(talk.in_short(most), known, covers), came


def _on(summary: Summary, known: tuple[str, ...], covers: tuple[str, ...]) -> Summary:
    return summary.model_copy(update={"covers": covering(known, covers)})


async def _asked(talk: Talk, case: Enriched, desk: Desk) -> Summary | Gap:
    """By the first model of the tier that sums up which may be asked."""
    budget, prompt = desk.policy.context, desk.summarise
    if desk.journal.run.calls + KEPT_CALLS >= desk.limits.run.calls:
        return Gap("the run's last calls are for the question that decides", is_paid=False)
    gap = Gap("no model that can sum up is configured", is_paid=False)
    noted = tokens(talk.before.document()) if talk.before else 0
    is_full = noted > budget.summary * FULL
    for model in map(desk.tiers.model, desk.tiers.tier(budget.summary_tier).models):
        if prompt is None or model.is_local:
            continue
        asked = to_sum_up(talk, anew=is_full, prompt=prompt, model=model, budget=budget)
        try:
            came = await _answer(asked, case, replace(desk, prompt=prompt))
        except (BreakerOpen, Misconfigured) as away:
            gap = Gap(str(away), is_paid=False)
            continue
        return came if isinstance(came, Gap) else _read(came, talk, by=prompt, anew=is_full)
    return gap


async def _answer(asked: Question, case: Enriched, desk: Desk) -> Answer | Gap:
    """What was answered to this already, or is now. Raises BreakerOpen, Misconfigured."""
    number = digest(asked)
    if known := next((one for one in case.received.notes if one.question == number), None):
        return known
    try:
        came = await ask(asked, replace(case, tier=desk.policy.context.summary_tier), desk)
    except (BreakerOpen, Misconfigured, LedgerDown):
        raise
    except TriageError as error:
        return Gap(f"{type(error).__name__}: {error}", is_paid=not isinstance(error, Held))
    return came if isinstance(came, Answer) else Gap(came.why, is_paid=False)


def _read(answer: Answer, talk: Talk, *, by: Prompt, anew: bool) -> Summary | Gap:
    if answer.refusal is not None or answer.finish_reason in BROKEN_OFF:
        return Gap(f"{answer.model} did not come to the end of its notes", is_paid=True)
    notes = Notes.parse(answer.text)
    if isinstance(notes, Misshapen):
        return Gap(f"{answer.model}: {notes}", is_paid=True)
    return talk.with_notes(notes, by=by.version, anew=anew)
