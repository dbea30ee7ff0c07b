"""How a run begins: the first events of a message that was taken in."""

from tasks.causes import WaitReason
from tasks.events import Event, Kind
from tasks.ports.ledger import Arrival
from tasks.run import Run, State, TicketId


def beginning(
    arrival: Arrival,
    ticket: TicketId,
    revision: int,
    *,
    quiet_at: float | None = None,
) -> tuple[Event, ...]:
    """The first events of a run: it was ingested, and buried at once where it is malformed.

    `quiet_at`: its ticket gets more messages than people write; it waits until then.
    """
    body = {
        "ticket": ticket,
        "source": arrival.source,
        "external_id": arrival.external_id,
        "requester": arrival.requester,
        "revision": revision,
        "tier": arrival.tier,
        "digest": arrival.digest,
        "customer_tier": arrival.customer_tier,
        **({"mode": arrival.mode} if arrival.mode else {}),
    }
    ingested = Event(run=arrival.run, seq=1, at=arrival.at, kind=Kind.INGESTED, body=body)
    if arrival.malformed is None:
        return (ingested,) if quiet_at is None else (ingested, _looping(arrival, quiet_at))
    cause, why = arrival.malformed
    grave = {"stage": "intake", "cause": cause, "why": why}
    return (
        ingested,
        Event(run=arrival.run, seq=2, at=arrival.at, kind=Kind.BURIED, body=grave),
    )


def _looping(arrival: Arrival, quiet_at: float) -> Event:
    why = "its ticket gets more messages than people write: two machines may answer each other"
    body = {"until": quiet_at, "reason": WaitReason.LOOP, "why": why}
    return Event(run=arrival.run, seq=2, at=arrival.at, kind=Kind.WAITING, body=body)


def capped(run: Run, at: float) -> Event:
    """Its source has had its share of the past hour: it waits until somebody lets it begin."""
    why = "its source has had its share of the past hour"
    body = {"until": None, "reason": WaitReason.CAPPED, "why": why}
    return Event(run=run.id, seq=run.seq + 1, at=at, kind=Kind.WAITING, body=body)


def is_untouched(run: Run) -> bool:
    """Whether nothing was done for it yet, and nobody is about to: it may leave its place."""
    waits = run.state in (State.QUEUED, State.WAITING)
    return waits and run.stage == "enrich" and run.micro_usd == 0
