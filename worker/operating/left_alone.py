"""Why a run is left as it is, in words for whoever would have decided about it."""

from collections.abc import Sequence

from tasks.events import Body, Event, Kind
from tasks.run import ERRANDS, Run, State
from worker.operating.moments import iso


class Left(str):
    """Such words."""

    __slots__ = ()


def instead(run: Run) -> Left:
    """What has become of a run that is not in review."""
    if run.stage in ERRANDS and run.state in (State.QUEUED, State.RUNNING, State.WAITING):
        return Left("it is being handed over just now: say it again in a moment")
    again = "; its customer has written again" if run.revision > 1 else ""
    match run.state:
        case State.DEAD:
            see = f"see `triage dead show {run.external_id}`"
            return Left(f"it is a dead letter ({run.reason}): {see}")
        case State.WRITTEN:
            there = "it is written; what is wrong is mended in the helpdesk"
        case State.DROPPED:
            there = f"it was dropped ({run.reason})"
        case _:
            there = f"it is {run.state} (stage {run.stage})"
    return Left(f"it does not wait for a person: {there}{again}")


def last_review(events: Sequence[Event]) -> Event | None:
    """What was decided since it came into review last; None: nothing."""
    for event in reversed(events):
        if event.kind is Kind.REVIEWED:
            return event
        if event.kind is Kind.IN_REVIEW:
            return None
    return None


def told(event: Event) -> str:
    """Who decided, when, and what."""
    body: Body = event.body
    done = {"accept": "accepted it", "correct": "corrected it", "return": "returned it"}
    values = [f"{name.replace('_', ' ')} {body[name]}" for name in VALUES if body.get(name)]
    shown = f": {', '.join(values)}" if values else ""
    return f"{body['by']} has {done[str(body['decision'])]} at {iso(event.at)}{shown}"


VALUES = ("issue_type", "priority", "queue", "escalated")
