"""How money changes the status of a run: set aside before a call, settled by what comes of it."""

from collections.abc import Mapping
from typing import Any

from tasks.events import Event, Kind
from tasks.run import Run

Change = dict[str, Any]
"""Columns of the status row that an event changes."""

SETTLING = frozenset({Kind.ANSWERED, Kind.UNANSWERED})
"""What says what a call has cost; whoever comes by anything else has left it unknown."""

LEAVING = SETTLING | {Kind.CLAIMED}
"""What charges nothing by itself: a claim, made in SQL, leaves the money to what comes next."""


def asking(run: Run, event: Event) -> Change:
    """The most that it may cost is set aside."""
    return {
        "calls": run.calls + 1,
        "reserved": event.body["reserved"],
        "reserved_for": event.body["account"],
    }


def unanswered(run: Run, event: Event) -> Change:
    """It failed, and has cost that much all the same.

    It counts for no call, or whoever waits through an outage or a busy hour would be called
    unfinished: attempts, breakers, limits and the run's money have their own say about failures.
    """
    return charged(run, _number(event.body["micro_usd"])) | {"calls": max(0, run.calls - 1)}


def charged(run: Run, micro_usd: int) -> Change:
    """What a call has cost; one of which nobody knows has cost what was reserved for it."""
    return {"micro_usd": run.micro_usd + micro_usd, "reserved": 0, "reserved_for": None}


def answered(run: Run, event: Event) -> Change:
    """What it came to takes the place of what was set aside; notes are no decision about it."""
    by = {name: event.body[name] for name in ("model", "prompt")} if is_deciding(event) else {}
    said = [event.body[f"{way}_tokens"] for way in ("input", "output")] if run.reserved_for else []
    return {
        **charged(run, _number(event.body["micro_usd"])),
        "tokens": run.tokens + sum(map(_number, said)),
        **by,
    }


def is_deciding(event: Event) -> bool:
    """Whether an answer says what a ticket is: others are asked for beside it."""
    return decides(event.body)


def decides(body: Mapping[str, object]) -> bool:
    """The same by the body of its event."""
    return body.get("purpose", "classify") == "classify"


def _number(value: object) -> int:
    if not isinstance(value, int):
        message = f"{value!r} is no whole number"
        raise TypeError(message)
    return value
