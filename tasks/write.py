"""Stage 4: put the decision into the helpdesk, where no person has put something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.case import Validated, Written
from tasks.causes import DropCause, WaitReason
from tasks.decision import Decision
from tasks.delivery import Delivery, Image
from tasks.desk import Desk, Past
from tasks.detour import Detour, Drop, Wait
from tasks.events import Kind
from tasks.ports.helpdesk import FIELDS, Capabilities, Gone, Seen, Traces
from tasks.ports.ledger import Intent
from tasks.run import Outcome
from tasks.ticket import Ticket
from tasks.waypoints import Waypoint, passing

NOTE = "note:"
SWEEP_SECONDS = 60.0
"""A note whose first sending nobody saw end is looked for once more after so long."""


async def write(case: Validated, desk: Desk) -> Written | Detour:
    """The case with what became of it in the helpdesk. The intent is recorded before it is sent."""
    helpdesk, now = desk.helpdesk, desk.clock.now()
    past = await desk.journal.past()
    settled = _settled(past, helpdesk.capabilities, now)
    if now < settled:
        why = "what was sent for it before may still take effect"
        return Wait(until=settled, reason=WaitReason.SETTLE, why=why, spends_attempt=False)
    seen = await helpdesk.look(case.ticket.id)
    traces = Traces()
    if past.sent_until is not None:  # asked last, so that they explain whatever we see
        traces = await helpdesk.traces(case.ticket.id, key=past.key)
    if isinstance(seen, Gone):
        return _gone(seen, past.own, traces)
    plan = _plan(case, past, seen)
    await desk.journal.record(
        Kind.INTENDED,
        {"keys": [intent.key for intent in plan.intents]},
        texts={target.replace(":", "_"): text for target, text in plan.notes.items()},
        writes=plan.intents,
    )
    passing(Waypoint.INTENDED)
    delivery = Delivery(helpdesk=helpdesk, ticket=case.ticket.id, key=past.key, traces=traces)
    fields = await delivery.set_fields(plan.fields, plan.images, seen)
    if isinstance(fields, Gone):
        return _gone(fields, plan.intents, traces)
    notes = await delivery.post_notes(plan.posts, plan.notes)
    if isinstance(notes, Gone):
        return _gone(notes, (*fields, *plan.posts), traces)
    return _written(case, fields, _to_be_swept(notes, past, helpdesk.capabilities, now))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What is to be written, and what may be overwritten for it."""

    fields: tuple[Intent, ...]
    images: Mapping[str, Image]
    posts: tuple[Intent, ...]
    notes: Mapping[str, str]

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All of them."""
        return (*self.fields, *self.posts)


def _plan(case: Validated, past: Past, seen: Seen) -> _Plan:
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
    return _Plan(
        fields=fields,
        images={name: frozenset(images[name]) for name in images},
        posts=posts,
        notes=notes,
    )


def _settled(past: Past, can: Capabilities, now: float) -> float:
    """When whatever was sent before has taken effect, or never will."""
    if past.sent_until is None:
        return now
    if past.sent_until > now:  # by another clock: ours is waited by, once
        return now if past.has_settled else now + can.settle_seconds
    return past.sent_until + can.settle_seconds


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


def _gone(gone: Gone, intents: Sequence[Intent], traces: Traces) -> Drop:
    """Nobody needs the rest; what took effect before is told."""
    told = tuple(
        replace(intent, outcome="applied" if intent.key in traces.counts else "gone")
        for intent in intents
        if intent.outcome is None
    )
    return Drop(cause=DropCause.GONE, why=gone.why, writes=told)


def _to_be_swept(
    notes: tuple[Intent, ...], past: Past, can: Capabilities, now: float
) -> tuple[Intent, ...]:
    """A note that may have been sent by somebody before us as well is looked for once more."""
    if past.sent_until is None or can.once_only_notes:
        return notes
    return tuple(replace(note, sweep_at=now + SWEEP_SECONDS) for note in notes)


def _written(case: Validated, fields: tuple[Intent, ...], notes: tuple[Intent, ...]) -> Written:
    kept = any(intent.outcome == "kept" for intent in fields)
    outcome = Outcome.PARTLY if kept else Outcome.APPLIED
    return Written(validated=case, outcome=outcome, results=(*fields, *notes))
