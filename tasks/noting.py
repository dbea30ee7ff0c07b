"""A model is asked for notes on what was said. Whatever comes of it, the ticket goes on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from config.prompts import Prompt
from config.tiers import Model, TierName
from tasks.asking import ask
from tasks.case import Answer, Enriched
from tasks.desk import Desk
from tasks.errors import (
    BreakerOpen,
    Held,
    LedgerDown,
    Misconfigured,
    ProviderDown,
    TriageError,
)
from tasks.ports.model import Purpose, Question
from tasks.prompt import digest, to_note
from tasks.summary import Notes, Summary, Talk
from tasks.verdict import Misshapen


class Gap(NamedTuple):
    """Why no model has made notes of what was said."""

    why: str
    is_paid: bool  # one was asked, and another try would cost as much


@dataclass(frozen=True, kw_only=True, slots=True)
class Noting:
    """How notes are made."""

    purpose: Purpose
    prompt: Prompt | None  # None: nobody is asked
    tier: TierName  # whose models make them, and whose money pays for it
    most: int  # tokens that they may come to
    keeps: int  # of the run's calls, for the question that decides and what may follow it


async def note(
    talk: Talk, noting: Noting, case: Enriched, desk: Desk, *, anew: bool = False
) -> Summary | Gap:
    """By the first model of the tier which may be asked. Raises LedgerDown, and as the journal.

    `anew`: what was noted before is noted once more, together with what is new.
    """
    if desk.journal.run.calls + noting.keeps >= desk.limits.run.calls:
        return Gap("the run's last calls are for the question that decides", is_paid=False)
    gap = Gap("no model that can sum up is configured", is_paid=False)
    for model, prompt in _models(noting, desk):
        asked = to_note(
            talk, anew=anew, prompt=prompt, model=model, purpose=noting.purpose, most=noting.most
        )
        try:
            came = await _answer(asked, noting, case, replace(desk, prompt=prompt))
        except (BreakerOpen, Misconfigured) as away:
            if isinstance(away.__cause__, ProviderDown):  # it was asked
                return Gap(str(away), is_paid=True)
            gap = Gap(str(away), is_paid=False)
            continue
        return came if isinstance(came, Gap) else _read(came, talk, by=prompt, anew=anew)
    return gap


def _models(noting: Noting, desk: Desk) -> Iterator[tuple[Model, Prompt]]:
    for model in map(desk.tiers.model, desk.tiers.tier(noting.tier).models):
        if noting.prompt is not None and not model.is_local:
            yield model, noting.prompt


async def _answer(asked: Question, noting: Noting, case: Enriched, desk: Desk) -> Answer | Gap:
    """What was answered to this already, or is now. Raises BreakerOpen, Misconfigured."""
    number = digest(asked)
    if known := next((one for one in case.received.notes if one.question == number), None):
        return known
    try:
        came = await ask(asked, replace(case, tier=noting.tier), desk)
    except (BreakerOpen, Misconfigured, LedgerDown):
        raise
    except TriageError as error:
        return Gap(f"{type(error).__name__}: {error}", is_paid=not isinstance(error, Held))
    return came if isinstance(came, Answer) else Gap(came.why, is_paid=False)


def _read(answer: Answer, talk: Talk, *, by: Prompt, anew: bool) -> Summary | Gap:
    if answer.is_refused or answer.is_cut_off:
        return Gap(f"{answer.model} did not come to the end of its notes", is_paid=True)
    notes = Notes.parse(answer.text)
    if isinstance(notes, Misshapen):
        return Gap(f"{answer.model}: {notes}", is_paid=True)
    return talk.with_notes(notes, by=by.version, anew=anew)
