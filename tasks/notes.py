"""Internal notes for people in the helpdesk: what was decided and why, who is called, a reply."""

from collections.abc import Collection

from config.mode import Mode
from tasks.case import Validated
from tasks.decision import WHY, Decision, Escalation

NOTE = "note:"
ESCALATED = "escalated"
AUTONOMY = "autonomy"


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
            if decision.escalation and ESCALATED in decision.to_set():
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
    done = _values(decision, decision.to_set())
    said = f"{who} decided: {done}.{stays}" if done else f"{who} sets no field here."
    only = _values(decision, decision.suggested)
    called = decision.escalation if ESCALATED in decision.suggested else None
    more = [f"It only suggests: {only}."] if only else []
    more += [_escalated("It would escalate this", called, decision)] if called else []
    return "\n".join((said, *more))


def _suggested(decision: Decision, kept: Collection[str]) -> str:
    differs = f" A person has chosen otherwise for {_listed(sorted(kept))}." if kept else ""
    person = f"{decision.by} decided in the review of Triage Fleet, which changes nothing here"
    who = person if decision.by else "Triage Fleet suggests, and changes nothing"
    wanted = [name for name in decision.fields() if name not in decision.left_out]
    return f"{who}: {_values(decision, wanted)}.{differs}"


def _values(decision: Decision, wanted: Collection[str]) -> str:
    """Those of the fields that are wanted; of an escalation more is said elsewhere."""
    shown = {name: v for name, v in decision.fields().items() if name != ESCALATED}
    return ", ".join(f"{_name(name)} {v}" for name, v in shown.items() if name in wanted)


def _reasons(case: Validated) -> list[str]:
    """One line for each field whose rule does not follow from another one's."""
    other = "proposed was" if case.decision.by else "the next best was"
    told = [
        f"- {choice.chosen if choice.field == AUTONOMY else _name(choice.field)}: {choice.rule}"
        + (f"; {other} {choice.runner_up}" if choice.runner_up else "")
        for choice in case.decision.choices
        if choice.field != "queue"
    ]
    model = case.classified.answer.model or "none"
    return [*told, f"- model {model}; more: triage ticket show {case.ticket.id}"]


def _escalated(what: str, escalation: Escalation, decision: Decision) -> str:
    quote = f"The customer wrote: \u201c{escalation.quote}\u201d"
    why = next((f": {choice.rule}" for choice in decision.choices if choice.field == WHY), "")
    proof = quote if escalation.quote else f"{decision.by} says so, in review{why}"
    return f"{what}: {escalation.criterion}\n{proof}"


def _listed(fields: Collection[str]) -> str:
    return ", ".join(_name(field) for field in fields)


def _name(field: str) -> str:
    return field.replace("_", " ")
