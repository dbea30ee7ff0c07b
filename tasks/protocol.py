"""The write protocol from its beginning to its end, whatever is to be written.

Wait until what was sent before has settled, look, write the intents down, deliver, say what came
of each. `tasks.delivery` is its middle part.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tasks.causes import WaitReason
from tasks.delivery import Delivery, Image
from tasks.desk import Journal, Past
from tasks.detour import Wait
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import EVERY, Capabilities, Gone, Helpdesk, Seen, Traces
from tasks.ports.ledger import Intent
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint, passing

SWEEP_SECONDS = 60.0
"""A note whose first sending nobody saw end is looked for once more after so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be written: fields with what may be overwritten for them, notes with their text.

    `images` has, for each field, every value that it may hold for ours to take its place. `left`:
    what was begun before and is not to be sent any more; only what became of it is told.
    """

    fields: tuple[Intent, ...]
    images: Mapping[str, Image]
    posts: tuple[Intent, ...]
    notes: Mapping[str, str]
    left: tuple[Intent, ...] = ()

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All of them."""
        return (*self.fields, *self.posts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shut:
    """The ticket is gone. `writes`: what nevertheless took effect before, and what did not."""

    why: str
    writes: tuple[Intent, ...]


class Sender(Protocol):
    """What it takes to write: a desk, or as much of one."""

    @property
    def helpdesk(self) -> Helpdesk: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def journal(self) -> Journal: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """A sender, where there is no desk."""

    helpdesk: Helpdesk
    clock: Clock
    journal: Journal


async def carry_out(
    ticket: ExternalId, past: Past, sender: Sender, plan_for: Callable[[Seen], Plan]
) -> tuple[Intent, ...] | Shut | Wait:
    """Every intent of the plan with its outcome.

    Raises HelpdeskDown, RateLimited, CredentialRefused as the helpdesk port does, ValuesNotTaken
    where nothing came of a yes, and what the journal raises.
    """
    helpdesk, now = sender.helpdesk, sender.clock.now()
    settled = _settled(past, helpdesk.capabilities, now)
    if now < settled:
        why = "what was sent for it before may still take effect"
        return Wait(until=settled, reason=WaitReason.SETTLE, why=why, spends_attempt=False)
    seen = await helpdesk.look(ticket)
    traces = Traces()
    if past.sent_until is not None:  # asked last, so that they explain whatever we see
        traces = await helpdesk.traces(ticket, key=past.key)
    if isinstance(seen, Gone):
        return _shut(seen, _open(past), traces)
    return await _send(ticket, past, sender, plan_for(seen), seen, traces)


async def _send(
    ticket: ExternalId, past: Past, sender: Sender, plan: Plan, seen: Seen, traces: Traces
) -> tuple[Intent, ...] | Shut:
    """`traces`: what somebody before us has left."""
    helpdesk, now = sender.helpdesk, sender.clock.now()
    meant: dict[str, Intent] = {}

    async def record(intents: tuple[Intent, ...], texts: Mapping[str, str] | None = None) -> None:
        meant.update({intent.key: intent for intent in intents})
        body = {"keys": [intent.key for intent in intents]}
        await sender.journal.record(Kind.INTENDED, body, texts=texts, writes=intents)

    async def shut(gone: Gone, told: Sequence[Intent]) -> Shut:
        # Asked anew: somebody who was frozen before us may have sent meanwhile, and so did we.
        until_then = await helpdesk.traces(ticket, key=EVERY)
        meant.update({intent.key: intent for intent in told})
        return _shut(gone, meant.values(), until_then)

    texts = {target.replace(":", "_"): text for target, text in plan.notes.items()}
    if plan.intents:
        await record(plan.intents, texts)
    passing(Waypoint.INTENDED)
    left = _left(plan, traces)
    delivery = Delivery(
        helpdesk=helpdesk,
        ticket=ticket,
        key=past.key,
        traces=traces,
        record=record,
        begun=_begun(past),
    )
    fields = await delivery.set_fields(plan.fields, plan.images, seen)
    if isinstance(fields, Gone):
        return await shut(fields, left)
    notes = await delivery.post_notes(plan.posts, plan.notes)
    if isinstance(notes, Gone):
        return await shut(notes, (*fields, *left))
    can = helpdesk.capabilities
    return (*_to_be_looked_at((*fields, *left), can, now), *_to_be_swept(notes, past, can, now))


def _begun(past: Past) -> frozenset[str]:
    """Keys of what somebody before us may have sent, and nobody knows whether it was."""
    if past.sent_until is None:
        return frozenset()
    return frozenset(one.key for one in (*past.own, *past.handed) if one.outcome is None)


def _open(past: Past) -> list[Intent]:
    """What nobody has seen take effect."""
    return [one for one in past.own if one.outcome in {None, "left"}]


def _left(plan: Plan, traces: Traces) -> tuple[Intent, ...]:
    return tuple(
        replace(one, outcome="applied" if one.key in traces.counts else "left") for one in plan.left
    )


def _settled(past: Past, can: Capabilities, now: float) -> float:
    """When whatever was sent before has taken effect, or never will."""
    if past.sent_until is None:
        return now
    if past.sent_until > now:  # by another clock: ours is waited by, once
        return now if past.has_settled else now + can.settle_seconds
    return past.sent_until + can.settle_seconds


def _shut(gone: Gone, intents: Iterable[Intent], traces: Traces) -> Shut:
    """`traces`: asked after the ticket was found to be gone, since when nothing takes effect."""
    told = tuple(
        replace(intent, outcome="applied" if intent.key in traces.counts else "gone")
        if intent.outcome in {None, "left"}
        else intent
        for intent in intents
    )
    return Shut(why=gone.why, writes=told)


def _to_be_looked_at(
    fields: tuple[Intent, ...], can: Capabilities, now: float
) -> tuple[Intent, ...]:
    """A person may have set one in the same moment, which the history may show later than ours."""
    if can.conditional_write == "strict":
        return fields
    at = now + max(SWEEP_SECONDS, can.settle_seconds)
    return tuple(replace(one, sweep_at=at) if one.outcome == "applied" else one for one in fields)


def _to_be_swept(
    notes: tuple[Intent, ...], past: Past, can: Capabilities, now: float
) -> tuple[Intent, ...]:
    """A note that may have been sent by somebody before us as well is looked for once more."""
    if past.sent_until is None or can.once_only_notes:
        return notes
    return tuple(replace(note, sweep_at=now + SWEEP_SECONDS) for note in notes)
