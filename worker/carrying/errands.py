"""Builds the case of a run that was sent on an errand, from the ledger."""

from collections.abc import Sequence
from typing import Any, cast

from tasks.desk import Past
from tasks.errands.announce import NOTE
from tasks.errands.hand_over import QUEUE, Entrusted, hand_over_key, is_hand_over
from tasks.errands.recall import Reopened
from tasks.errands.taking_back import recall_key
from tasks.events import Body, Event, Kind
from tasks.images import images
from tasks.run import Run
from tasks.ticket import Ticket
from worker.carrying.notebook import past_of
from worker.ledgers.sql import SqlLedger


def asked_of(run: Run, kind: Kind, ledger: SqlLedger) -> Body:
    """The body of the event that sent it there."""
    return _last(ledger.events(run.id), kind)


def reopened(run: Run, ledger: SqlLedger) -> tuple[Reopened, Body, Sequence[Event]]:
    """What is to be taken back, the body of the event that asked for it, and all events."""
    events = ledger.events(run.id)
    asked = cast("dict[str, Any]", _last(events, Kind.RECALLING))
    key = recall_key(asked["batch"], run.ticket)
    case = Reopened(
        run=run.id,
        ticket=run.external_id,
        batch=asked["batch"],
        by=asked["by"],
        why=asked["why"],
        keys=frozenset(asked["keys"]),
        wrote=ledger.written_to([run.ticket])[run.ticket],
        past=past_of(key, ledger.writes(run.id), events),
    )
    return case, asked, events


def entrusted(
    run: Run, ticket: Ticket | None, why: str, queue: str, ledger: SqlLedger
) -> Entrusted:
    """What people are to be given. Without the ticket's text nobody knows whose its queue is."""
    key = hand_over_key(run.ticket, run.digest)
    writes, events = ledger.writes(run.id), ledger.events(run.id)
    ours = [one for one in writes if not is_hand_over(one)]
    # What this run itself may have written is no person's either.
    routed = [
        one.wanted for one in ours if one.target == QUEUE and one.outcome in (None, "applied")
    ]
    held: tuple[str | None, ...] = (queue,)
    if ticket is not None:
        earlier = ledger.earlier_writes(run) if run.revision > 1 else ()
        held = (*images(ticket, Past(key=key, earlier=earlier))[QUEUE], *routed)
    return Entrusted(
        run=run.id,
        ticket=run.external_id,
        queue=queue,
        why=why,
        held=held,
        past=past_of(key, writes, events),
        routed=frozenset(value for value in routed if value is not None),
        announced=any(one.target == NOTE and one.outcome == "applied" for one in writes),
    )


def _last(events: Sequence[Event], kind: Kind) -> Body:
    return next(event for event in reversed(events) if event.kind is kind).body
