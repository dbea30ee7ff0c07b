"""Stage 4: put the decision into the helpdesk, where no person has put something else."""

from tasks.case import Validated, Written
from tasks.causes import Cause, DropCause
from tasks.decision import Decision
from tasks.desk import Desk, Past
from tasks.detour import Detour, Drop, GiveUp, Wait
from tasks.images import images, pre_image
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.protocol import Plan, Shut, carry_out
from tasks.run import Outcome

NOTE = "note:"


async def write(case: Validated, desk: Desk) -> Written | Detour:
    """The case with what became of it in the helpdesk. The intent is recorded before it is sent."""
    if refused := await desk.helpdesk.refuses(case.decision.fields()):
        return GiveUp(cause=Cause.HELPDESK_REFUSED, why="; ".join(refused.values()))
    past = await desk.journal.past()
    done = await carry_out(case.ticket.id, past, desk, lambda seen: _plan(case, past, seen))
    match done:
        case Wait():
            return done
        case Shut():  # nobody needs the rest
            return Drop(cause=DropCause.GONE, why=done.why, writes=done.writes)
        case results:
            kept = any(intent.outcome == "kept" for intent in results)
            outcome = Outcome.PARTLY if kept else Outcome.APPLIED
            return Written(validated=case, outcome=outcome, results=results)


def _plan(case: Validated, past: Past, seen: Seen) -> Plan:
    may_hold = images(case.ticket, past)
    notes = _notes(case.decision)
    fields = tuple(
        Intent(
            key=f"{past.key}:{name}",
            run=case.run,
            target=name,
            before=pre_image(seen.fields[name], may_hold[name]),
            wanted=value,
        )
        for name, value in case.decision.fields().items()
    )
    posts = tuple(
        Intent(key=f"{past.key}:{target}", run=case.run, target=target, before=None, wanted=None)
        for target in notes
    )
    return Plan(
        fields=fields,
        images={name: frozenset(values) for name, values in may_hold.items()},
        posts=posts,
        notes=notes,
    )


def _notes(decision: Decision) -> dict[str, str]:
    """Internal notes by target: why a person is called, and a reply that a person could send."""
    notes: dict[str, str] = {}
    if decision.escalation:
        notes[f"{NOTE}escalation"] = (
            f"Escalated: {decision.escalation.criterion}\n"
            f"The customer wrote: \u201c{decision.escalation.quote}\u201d"
        )
    if decision.draft:
        notes[f"{NOTE}draft"] = f"Suggested reply, not sent:\n{decision.draft}"
    return notes
