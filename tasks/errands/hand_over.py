"""Gives a ticket to people: the queue that config names for that, and a note that says why.

Done for whoever no machine decided about: dead letters, what waits for a review, and what has
waited for too long; those go on. No value that a model proposed is written by it.
"""

from dataclasses import dataclass

from config.mode import Mode
from tasks.desk import Past
from tasks.detour import Wait
from tasks.images import pre_image
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.protocol import Plan, Sender, Shut, carry_out
from tasks.run import RunId
from tasks.ticket import ExternalId

NOTE = "note:hand_over"
QUEUE = "queue"


def left_to_people(ticket: str, reason: str | None, why: str | None) -> str:
    """What they are told of one that nobody has decided about; they may decide all the same."""
    return (
        f"Triage Fleet leaves this ticket to you: {reason} ({why})."
        f" Decide here, or with `triage review show {ticket}`."
    )


def hand_over_key(ticket: str, digest: str) -> str:
    """What the helpdesk knows it by: once for each revision."""
    return f"ho-{ticket[:12]}{digest[:12]}"


def is_hand_over(intent: Intent) -> bool:
    """Whether this write was part of one."""
    return intent.key.startswith("ho-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrusted:
    """A ticket for people.

    `held`: what its queue may hold without any person having chosen it, the likeliest first.

    `why` is for people in the helpdesk, and free of the ticket's text. `mode`: what may be done
    there. `routed`: the queue that a run which goes on has written itself; one that is in it stays.
    `announced`: a note has said already that it would come to this; a second one would be noise.
    """

    run: RunId
    ticket: ExternalId
    queue: str
    why: str
    held: tuple[str | None, ...]
    past: Past
    mode: Mode = Mode.AUTO
    routed: frozenset[str] = frozenset()
    announced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedOver:
    """What came of the queue and the note."""

    results: tuple[Intent, ...]


async def hand_over(case: Entrusted, sender: Sender) -> HandedOver | Wait:
    """The ticket is with people, where no person has it already.

    A fallback queue that the helpdesk does not have is left out; the note is posted all the same.
    Where fields may not be set, there is only the note; in shadow people have it anyway.
    Raises what `tasks.protocol.carry_out` does.
    """
    if case.mode is Mode.SHADOW and not case.past.own:
        return HandedOver(results=())
    moves = case.mode is Mode.AUTO
    wanted = {QUEUE: case.queue} if moves else {}
    refused = await sender.helpdesk.refuses(case.ticket, wanted) if wanted else {}
    done = await carry_out(
        case.ticket,
        case.past,
        sender,
        lambda seen: _plan(case, seen, moves=moves and QUEUE not in refused),
    )
    match done:
        case Wait():
            return done
        case Shut():
            return HandedOver(results=done.writes)
        case results:
            return HandedOver(results=results)


def _plan(case: Entrusted, seen: Seen, *, moves: bool) -> Plan:
    moves = moves and seen.fields[QUEUE] not in case.routed
    field = Intent(
        key=f"{case.past.key}:{QUEUE}",
        run=case.run,
        target=QUEUE,
        before=pre_image(seen.fields[QUEUE], case.held),
        wanted=case.queue,
    )
    note = Intent(
        key=f"{case.past.key}:{NOTE}", run=case.run, target=NOTE, before=None, wanted=None
    )
    fields = (field,) if moves else ()
    posts = () if case.announced or case.mode is Mode.SHADOW else (note,)
    sent = {one.key for one in (*fields, *posts)}
    return Plan(
        fields=fields,
        # A request of its own that is still under way may route it while ours is: then it stays.
        images={QUEUE: frozenset(case.held) - case.routed},
        posts=posts,
        left=tuple(one for one in case.past.own if one.outcome is None and one.key not in sent),
        notes={NOTE: _told(case, seen, moves=moves)},
    )


def _told(case: Entrusted, seen: Seen, *, moves: bool) -> str:
    """The reason, and where it was until now, if it is moved."""
    held = seen.fields[QUEUE]
    if not moves or held == case.queue or held not in case.held:
        return case.why
    return f"{case.why} It is in the queue {case.queue} now, and was in {held or 'none'}."
