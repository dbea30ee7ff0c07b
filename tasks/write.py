"""Stage 4: put the decision into the helpdesk, where no person has put something else."""

from tasks.case import Validated, Written
from tasks.causes import Cause, DropCause
from tasks.decision import Decision
from tasks.desk import Desk, Past
from tasks.detour import Detour, Drop, GiveUp, Wait
from tasks.ports.helpdesk import FIELDS, Seen
from tasks.ports.ledger import Intent
from tasks.protocol import Plan, Shut, carry_out
from tasks.run import Outcome
from tasks.ticket import Ticket

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
    images = _images(case.ticket, past)
    notes = _notes(case.decision)
    fields = tuple(
        Intent(
            key=f"{past.key}:{name}",
            run=case.run,
            target=name,
            before=_pre_image(seen.fields[name], images[name]),
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
        images={name: frozenset(images[name]) for name in images},
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


def _images(ticket: Ticket, past: Past) -> dict[str, tuple[str | None, ...]]:
    """What each field may hold without a person having changed it since, the likeliest first.

    That is what was read, or what an older revision wrote over it. Where nobody knows whether it
    did, either. Where it found a person's value and kept it, what it looked for is still what would
    have to be there: the person's value stays a person's, although we have read it by now.
    """
    images: dict[str, tuple[str | None, ...]] = {
        name: (ticket.fields.get(name),) for name in FIELDS
    }
    for intent in past.earlier:
        if intent.target not in images:
            continue
        match intent.outcome:
            case "applied":
                images[intent.target] = (intent.wanted,)
            case None:
                images[intent.target] = (*images[intent.target], intent.wanted)
            case _:
                images[intent.target] = (intent.before,)
    for intent in past.own:
        if intent.target in images:
            images[intent.target] = (intent.before,)
    return images


def _pre_image(held: str | None, images: tuple[str | None, ...]) -> str | None:
    return held if held in images else images[0]
