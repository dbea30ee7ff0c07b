"""Stage 4: put the decision into the helpdesk, where no person has put something else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tasks.case import Validated, Written
from tasks.causes import DropCause
from tasks.decision import Decision
from tasks.desk import Desk
from tasks.detour import Detour, Drop
from tasks.events import Kind
from tasks.ports.helpdesk import FIELDS, FieldResult, FieldWrite, Gone
from tasks.ports.ledger import Written as LedgerWrite
from tasks.run import Outcome
from tasks.ticket import Ticket


async def write(case: Validated, desk: Desk) -> Written | Detour:
    """The case with what became of it in the helpdesk. The intent is recorded before it is sent."""
    notes = _notes(case.decision)
    before = _pre_images(case.ticket, await desk.journal.earlier_writes())
    intents = _intents(case, notes, before)
    await desk.journal.record(
        Kind.INTENDED,
        {"keys": [intent.key for intent in intents]},
        texts={f"note_{name}": text for name, text in notes.items()},
        writes=intents,
    )
    wanted = {
        field: FieldWrite(before=before[field], value=value)
        for field, value in case.decision.fields().items()
    }
    held = await desk.helpdesk.write(case.ticket.id, wanted, key=f"{case.run}:fields")
    if isinstance(held, Gone):
        return Drop(cause=DropCause.GONE, why=held.why)
    for name, text in notes.items():
        posted = await desk.helpdesk.add_note(case.ticket.id, text, key=_key(case, f"note:{name}"))
        if isinstance(posted, Gone):
            return Drop(cause=DropCause.GONE, why=posted.why)
    results = tuple(_result(intent, held) for intent in intents)
    kept = any(result.outcome == "kept" for result in results)
    return Written(
        validated=case, outcome=Outcome.PARTLY if kept else Outcome.APPLIED, results=results
    )


def _notes(decision: Decision) -> dict[str, str]:
    """Internal notes by name: why a person is called, and a reply that a person could send."""
    notes: dict[str, str] = {}
    if decision.escalation:
        notes["escalation"] = (
            f"Escalated: {decision.escalation.criterion}\n"
            f"The customer wrote: \u201c{decision.escalation.quote}\u201d"
        )
    if decision.draft:
        notes["draft"] = f"Suggested reply, not sent:\n{decision.draft}"
    return notes


def _pre_images(ticket: Ticket, earlier: Sequence[LedgerWrite]) -> dict[str, str | None]:
    """What each field holds unless a person has changed it since: what we wrote, or else read.

    Where an older revision found a person's value and kept it, what it looked for is still what
    would have to be there: the person's value stays a person's, although we have read it by now.
    """
    expected: dict[str, str | None] = {name: ticket.fields.get(name) for name in FIELDS}
    for write in earlier:
        if write.target in expected and write.outcome is not None:
            expected[write.target] = write.wanted if write.outcome == "applied" else write.before
    return expected


def _intents(
    case: Validated, notes: Mapping[str, str], before: Mapping[str, str | None]
) -> tuple[LedgerWrite, ...]:
    fields = [
        LedgerWrite(
            key=_key(case, field),
            run=case.run,
            target=field,
            before=before[field],
            wanted=value,
        )
        for field, value in case.decision.fields().items()
    ]
    posts = [
        LedgerWrite(
            key=_key(case, f"note:{name}"),
            run=case.run,
            target=f"note:{name}",
            before=None,
            wanted=None,
        )
        for name in notes
    ]
    return (*fields, *posts)


def _key(case: Validated, target: str) -> str:
    """The same for every attempt of this run, so that a repeated write is known as the same."""
    return f"{case.run}:{target}"


def _result(intent: LedgerWrite, held: Mapping[str, FieldResult]) -> LedgerWrite:
    found = held.get(intent.target)
    if found is None:
        return replace(intent, outcome="applied")
    return replace(intent, outcome="applied" if found.applied else "kept", holds=found.holds)
