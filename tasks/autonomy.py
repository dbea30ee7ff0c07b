"""What may be written by itself: per field, as far as config lets it and as sure as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from config.policy import Freedom
from tasks.case import Answer
from tasks.confidence import Calibration, score_of
from tasks.decision import Decision
from tasks.desk import Desk

MEASURED = {"issue_type": "issue_type", "queue": "issue_type", "priority": "priority"}
"""Whose checks say how sure a field is. An escalation is proven, which is more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surety:
    """How sure the answer is of one field; `confidence` None: it was not measured."""

    confidence: float | None
    passes: bool
    words: str  # for people
    fails: bool = False  # enough was checked to say that it is wrong too often


async def sureties(answer: Answer, desk: Desk) -> Mapping[str, Surety]:
    """By field. Below thirty that people checked, or without any signal, nothing is known."""
    if answer.signals is not None:
        sure = answer.signals
        words = f"confidence {sure.confidence:.3f} reaches {sure.threshold:.3f}"
        known = Surety(confidence=sure.confidence, passes=sure.abstains is None, words=words)
        return dict.fromkeys(MEASURED, known)
    score = score_of(answer.measured)
    learnt = await desk.measures.of(answer.model) if score is not None else {}
    return {field: _surety(score, learnt.get(of), desk) for field, of in MEASURED.items()}


def _surety(score: float | None, learnt: Calibration | None, desk: Desk) -> Surety:
    if score is None or learnt is None:
        return Surety(confidence=None, passes=False, words="confidence is not measured")
    confidence = learnt.confidence(score)
    said = f"confidence {confidence:.3f} by {learnt.checked} checked answers"
    tolerated = f"{desk.policy.autonomy.tolerated:.1%} wrong"
    if learnt.passes(score):
        words = f"{said}, enough for {tolerated}"
        return Surety(confidence=confidence, passes=True, words=words)
    why = "not enough" if learnt.is_certain else "too few to say whether that is enough"
    words = f"{said}, {why} for {tolerated}"
    return Surety(confidence=confidence, passes=False, words=words, fails=learnt.is_certain)


def freed(decision: Decision, sure: Mapping[str, Surety], desk: Desk) -> Decision:
    """The decision with the fields that are only suggested, or left out, and why."""
    rules = desk.policy.autonomy
    wanted = {field: rules.of(decision.issue_type, field) for field in decision.fields()}
    accepted = rules.accepted(desk.place, datetime.fromtimestamp(desk.clock.now(), UTC).date())
    held = {
        field: _why_held(field, freedom, sure.get(field), accepted=accepted)
        for field, freedom in wanted.items()
    }
    left_out = tuple(field for field, freedom in wanted.items() if freedom is Freedom.OFF)
    suggested = {f: why for f, why in held.items() if why is not None and f not in left_out}
    told = decision.model_copy(update={"suggested": tuple(suggested), "left_out": left_out})
    for why in dict.fromkeys(suggested.values()):
        fields = _listed([field for field in suggested if suggested[field] == why])
        told = told.told("autonomy", f"only suggested: {fields}", why)
    if left_out:
        told = told.told("autonomy", f"left alone: {_listed(left_out)}", "policy.toml says off")
    return told


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(fields).replace("_", " ")


def _why_held(
    field: str, freedom: Freedom, sure: Surety | None, *, accepted: str | None
) -> str | None:
    """Why a field is not written by itself; None: it is."""
    if freedom is not Freedom.AUTO:
        return "policy.toml says suggest"
    if sure is None or sure.passes or field not in MEASURED:
        return None
    return None if accepted else sure.words
