"""Tells people in the helpdesk that a ticket waits for one of them, and what comes if nobody does.

One note, at once, that says all of it: whoever finds the ticket in the fallback queue later reads
there why, so the hand-over adds none. No field is set, and no value that a model proposed is said.
"""

from datetime import UTC, datetime

from config.mode import Mode
from tasks.detour import Wait
from tasks.errands.hand_over import QUEUE, Entrusted, HandedOver
from tasks.ports.ledger import Intent
from tasks.protocol import Plan, Sender, Shut, carry_out

NOTE = "note:review"


async def announce(case: Entrusted, until: float, sender: Sender) -> HandedOver | Wait:
    """The note is there, once for each revision. Raises what `tasks.protocol.carry_out` does.

    `until`: epoch seconds at which the ticket is handed over, if nobody has decided.
    """
    refuses, wanted = sender.helpdesk.refuses, {QUEUE: case.queue}
    moves = case.mode is Mode.AUTO and not await refuses(case.ticket, wanted)
    told = f"{case.why} {_then(case, until) if moves else HERE}"
    plan = _plan(case, told)
    done = await carry_out(case.ticket, case.past, sender, lambda _: plan)
    match done:
        case Wait():
            return done
        case Shut():
            return HandedOver(results=done.writes)
        case results:
            return HandedOver(results=results)


def _plan(case: Entrusted, told: str) -> Plan:
    note = Intent(
        key=f"{case.past.key}:{NOTE}", run=case.run, target=NOTE, before=None, wanted=None
    )
    left = tuple(one for one in case.past.own if one.outcome is None and one.key != note.key)
    return Plan(fields=(), images={}, posts=(note,), notes={NOTE: told}, left=left)


HERE = "It stays where it is."


def _then(case: Entrusted, until: float) -> str:
    return (
        f"If nobody has decided by {_clock(until)}, and nobody has moved it, it goes to the queue"
        f" {case.queue}."
    )


def _clock(at: float) -> str:
    """With its day: a note is read tomorrow, too."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M UTC on %Y-%m-%d}"
