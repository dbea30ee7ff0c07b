"""How a run begins: the first events of a message that was taken in."""

from tasks.causes import WaitReason
from tasks.events import Event, Kind
from tasks.ports.ledger import Arrival
from tasks.run import TicketId


def beginning(
    arrival: Arrival,
    ticket: TicketId,
    revision: int,
    *,
    quiet_at: float | None = None,
    capped: bool = False,
) -> tuple[Event, ...]:
    """The first events of a run: it was ingested, and buried at once where it is malformed.

    `quiet_at`: its ticket gets more messages than people write; it waits until then. `capped`: its
    source has had its share of this hour; it waits until somebody says that there is room.
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
        if quiet_at is not None:
            return ingested, _looping(arrival, quiet_at)
        return (ingested, _capped(arrival)) if capped else (ingested,)
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


def _capped(arrival: Arrival) -> Event:
    why = "its source has had its share of this hour"
    body = {"until": None, "reason": WaitReason.CAPPED, "why": why}
    return Event(run=arrival.run, seq=2, at=arrival.at, kind=Kind.WAITING, body=body)
