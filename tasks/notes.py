"""Internal notes for people in the helpdesk: what was decided and why, who is called, a reply."""

from collections.abc import Collection

from config.mode import Mode
from tasks.case import Validated
from tasks.decision import Decision, Escalation

NOTE = "note:"


def notes_of(
    case: Validated, mode: Mode, *, explains: bool, kept: Collection[str]
) -> dict[str, str]:
    """By target. `kept`: fields that hold what a person has chosen, and so stay as they are.

    They quote nothing of the ticket but what proves an escalation.
    """
    decision = case.decision
    notes: dict[str, str] = {}
    match mode:
        case Mode.AUTO:
            if explains:
                notes[f"{NOTE}route"] = "\n".join((_decided(decision, kept), *_reasons(case)))
            if decision.escalation:
                notes[f"{NOTE}escalation"] = _escalated("Escalated", decision.escalation, decision)
        case Mode.SUGGEST:
            escalation = decision.escalation
            what = "It would escalate this"
            more = [_escalated(what, escalation, decision)] if escalation else []
            lines = (_suggested(decision, kept), *_reasons(case), *more)
            notes[f"{NOTE}suggestion"] = "\n".join(lines)
        case Mode.SHADOW:
            return {}
    if decision.draft:
        notes[f"{NOTE}draft"] = f"Suggested reply, not sent:\n{decision.draft}"
    return notes


def _decided(decision: Decision, kept: Collection[str]) -> str:
    stays = f" A person has chosen {_listed(sorted(kept))}: that stays." if kept else ""
    who = f"{decision.by}, in the review of Triage Fleet," if decision.by else "Triage Fleet"
    return f"{who} decided: {_values(decision)}.{stays}"


def _suggested(decision: Decision, kept: Collection[str]) -> str:
    differs = f" A person has chosen otherwise for {_listed(sorted(kept))}." if kept else ""
    person = f"{decision.by} decided in the review of Triage Fleet, which changes nothing here"
    who = person if decision.by else "Triage Fleet suggests, and changes nothing"
    return f"{who}: {_values(decision)}.{differs}"


def _values(decision: Decision) -> str:
    return f"issue type {decision.issue_type}, priority {decision.priority}, queue {decision.queue}"


def _reasons(case: Validated) -> list[str]:
    """One line for each field whose rule does not follow from another one's."""
    other = "proposed was" if case.decision.by else "the next best was"
    told = [
        f"- {_name(choice.field)}: {choice.rule}"
        + (f"; {other} {choice.runner_up}" if choice.runner_up else "")
        for choice in case.decision.choices
        if choice.field != "queue"
    ]
    model = case.classified.answer.model or "none"
    return [*told, f"- model {model}; more: triage ticket show {case.ticket.id}"]


def _escalated(what: str, escalation: Escalation, decision: Decision) -> str:
    quote = f"The customer wrote: \u201c{escalation.quote}\u201d"
    proof = quote if escalation.quote else f"{decision.by} says so, in review"
    return f"{what}: {escalation.criterion}\n{proof}"


def _listed(fields: Collection[str]) -> str:
    return ", ".join(_name(field) for field in fields)


def _name(field: str) -> str:
    return field.replace("_", " ")
