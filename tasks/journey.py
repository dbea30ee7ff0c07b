"""The journey: how each event changes the status of a run. The status row is this fold.

States and the events between them:

    queued ──claimed──▶ running ──written──▶ written
      ▲                  │  │ └──in_review──▶ in_review
      │  sent, released, │  └────buried─────▶ dead ──requeued──▶ queued
      └──lapsed, died────┴───────waiting────▶ waiting ──sent──▶ queued
    anything unwritten ──dropped──▶ dropped
    written, dead, dropped ──recalling──▶ queued at `recall` … ──recalled──▶ where it was
    dead, in_review, queued, waiting ──handing_over──▶ queued at `hand_over` … ──▶ where it was
    in_review ──reviewed──▶ queued at `write`
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from config.mode import Mode
from tasks.events import Event, Kind
from tasks.paying import LEAVING, answered, asking, charged, unanswered
from tasks.run import Errand, Outcome, Run, State

Change = dict[str, Any]
"""Columns of the status row that an event changes."""


def advance(run: Run | None, event: Event) -> Run:
    """The status after `event`. Pure; the same events always give the same status.

    Raises ValueError when the event does not follow: a gap in the numbers, or a first event that
    is not `ingested`.
    """
    if run is None:
        return _begin(event)
    if event.seq != run.seq + 1 or event.kind is Kind.INGESTED:
        message = f"event {event.seq} ({event.kind}) does not follow event {run.seq} of {run.id}"
        raise ValueError(message)
    changes = CHANGES[event.kind](run, event)
    if run.reserved and event.kind not in LEAVING:
        changes = {**charged(run, run.reserved), **changes}
    after = replace(run, seq=event.seq, changed_at=event.at, **changes)
    if run.due_at is None or run.state is not State.WAITING or run.due_at != after.due_at:
        return after
    return replace(after, due_at=_no_longer(run.due_at, run.due_at - run.changed_at, event))


def _no_longer(due_at: float, waits: float, event: Event) -> float:
    """Until when it waits that was told to wait so many seconds, when this happens meanwhile.

    Whoever told it may have had a clock that was hours ahead, which its own stamp shows only until
    the next event's takes its place.
    """
    return min(due_at, event.at + waits)


def fold(events: Iterable[Event]) -> Run:
    """The status that these events, in order, add up to. Raises ValueError on a gap or none."""
    run: Run | None = None
    for event in events:
        run = advance(run, event)
    if run is None:
        message = "a run without events"
        raise ValueError(message)
    return run


def _begin(event: Event) -> Run:
    if event.kind is not Kind.INGESTED or event.seq != 1:
        message = f"{event.run} begins with event {event.seq} ({event.kind})"
        raise ValueError(message)
    body: Mapping[str, Any] = event.body
    return Run(
        id=event.run,
        ticket=body["ticket"],
        source=body["source"],
        external_id=body["external_id"],
        requester=body["requester"],
        digest=body["digest"],
        revision=body["revision"],
        tier=body["tier"],
        customer_tier=body.get("customer_tier"),
        mode=Mode(str(body["mode"])) if body.get("mode") else None,
        seq=1,
        state=State.QUEUED,
        stage="enrich",
        ingested_at=event.at,
        changed_at=event.at,
        sent_at=event.at,
        send_n=1,
    )


def _sent(_run: Run, event: Event) -> Change:
    return {
        "state": State.QUEUED,
        "send_n": event.body["send_n"],
        "sent_at": event.at,
        "owner": None,
        "due_at": None,
        "reason": None,
        "why": None,
        "waits_for": None,
    }


def _claimed(_run: Run, event: Event) -> Change:
    return {
        "state": State.RUNNING,
        "owner": event.body["owner"],
        "fence": event.body["fence"],
    }


def _enriched(_run: Run, event: Event) -> Change:
    return {
        "stage": "classify",
        "tier": event.body["tier"],
        "customer_tier": event.body["customer_tier"],
        **FINISHED,
    }


def _classified(_run: Run, event: Event) -> Change:
    return {"stage": "validate", "issue_type": event.body["issue_type"], **FINISHED}


def _validated(_run: Run, event: Event) -> Change:
    return {
        "stage": "write",
        "issue_type": event.body["issue_type"],
        "priority": event.body["priority"],
        "queue": event.body["queue"],
        **FINISHED,
    }


def _nothing(_run: Run, _event: Event) -> Change:
    return {}


def _lapsed(_run: Run, _event: Event) -> Change:
    return {"suspect": True}


def _suspected(_run: Run, _event: Event) -> Change:
    return {"suspect": True, "alone": True}


def _died(run: Run, _event: Event) -> Change:
    return {"suspect": True, "alone": True, "deaths": run.deaths + 1}


def _written(run: Run, event: Event) -> Change:
    outcome = Outcome(str(event.body["outcome"]))
    routed_at = run.routed_at or event.at
    return _ended(State.WRITTEN) | {"outcome": outcome, "routed_at": routed_at, **FINISHED}


def _failed(run: Run, _event: Event) -> Change:
    return {"attempts": run.attempts + 1}


def _waiting(_run: Run, event: Event) -> Change:
    return _ended(State.WAITING) | {
        "due_at": event.body["until"],
        "waits_for": event.body.get("waits_for"),
        "reason": event.body["reason"],
        "why": event.body["why"],
    }


def _promoted(_run: Run, event: Event) -> Change:
    return {"stage": "classify", "tier": event.body["to"], "attempts": 0}


def _in_review(run: Run, event: Event) -> Change:
    return _ended(State.IN_REVIEW) | {
        "reason": event.body["reason"],
        "why": event.body["why"],
        "due_at": event.body.get("until"),
        "routed_at": run.routed_at or event.at,
    }


def _reviewed(_run: Run, event: Event) -> Change:
    """As decided, to be written; where nobody decides here, it is handed over next."""
    if event.body["decision"] == "return":
        return {}
    values = {name: event.body[name] for name in ("issue_type", "priority", "queue")}
    return {"stage": "write", **values, **FINISHED}


def _buried(_run: Run, event: Event) -> Change:
    return _ended(State.DEAD) | {
        "stage": event.body["stage"],
        "reason": event.body["cause"],
        "why": event.body["why"],
    }


def _requeued(run: Run, event: Event) -> Change:
    return {
        "stage": event.body["stage"],
        "tier": event.body["tier"],
        "attempts": 0,
        "deaths": 0,
        "calls": 0,
        "tokens": 0,
        "requeues": run.requeues + 1,
        "reason": None,
        "why": None,
    }


def _dropped(_run: Run, event: Event) -> Change:
    return _ended(State.DROPPED) | {"reason": event.body["cause"], "why": event.body["why"]}


def _sent_on(errand: Errand) -> Callable[[Run, Event], Change]:
    return lambda _run, _event: {"stage": errand, "attempts": 0}


def _recalled(_run: Run, event: Event) -> Change:
    """Back to where it was; `back` holds these columns as they stood."""
    outcome = event.body["outcome"]
    return {
        **_back(event.body["back"]),
        "outcome": Outcome(str(outcome)) if outcome else None,
        **FINISHED,
    }


def _back(columns: Any) -> Change:  # noqa: ANN401 - as they were recorded
    return {**_ended(State(columns["state"])), **{k: v for k, v in columns.items() if k != "state"}}


def _handed_over(_run: Run, event: Event) -> Change:
    """Back to where it was, if it was sent for this; else it is on its way to people anyway."""
    back: Any = event.body["back"]
    if not back:
        return {"handed_at": event.at}
    columns = {name: value for name, value in back.items() if name != "waits"}
    if "waits" in back:
        columns["due_at"] = _no_longer(back["due_at"], back["waits"], event)
    return {"handed_at": event.at, **_back(columns)}


def _ended(state: State) -> Change:
    return {
        "state": state,
        "owner": None,
        "due_at": None,
        "reason": None,
        "why": None,
        "waits_for": None,
    }


FINISHED: Change = {"attempts": 0, "suspect": False, "alone": False, "deaths": 0}
"""What a finished stage clears: whatever failed or died before was not its fault."""

CHANGES: Mapping[Kind, Callable[[Run, Event], Change]] = {
    Kind.SENT: _sent,
    Kind.CLAIMED: _claimed,
    Kind.ENRICHED: _enriched,
    Kind.ASKING: asking,
    Kind.ANSWERED: answered,
    Kind.UNANSWERED: unanswered,
    Kind.CLASSIFIED: _classified,
    Kind.VALIDATED: _validated,
    Kind.INTENDED: _nothing,
    Kind.WRITTEN: _written,
    Kind.FAILED: _failed,
    Kind.WAITING: _waiting,
    Kind.PROMOTED: _promoted,
    Kind.DEGRADED: _promoted,
    Kind.RELEASED: _nothing,
    Kind.LAPSED: _lapsed,
    Kind.SUSPECTED: _suspected,
    Kind.DIED: _died,
    Kind.TWINS: _nothing,
    Kind.IN_REVIEW: _in_review,
    Kind.BURIED: _buried,
    Kind.REQUEUED: _requeued,
    Kind.DROPPED: _dropped,
    Kind.RECALLING: _sent_on("recall"),
    Kind.RECALLED: _recalled,
    Kind.HANDING_OVER: _sent_on("hand_over"),
    Kind.HANDED_OVER: _handed_over,
    Kind.GIVEN_BACK: _nothing,
    Kind.OVERWRITTEN: _nothing,
    Kind.JUDGED: _nothing,
    Kind.REVIEWED: _reviewed,
    Kind.CORRECTED: _nothing,
}
