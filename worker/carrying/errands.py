"""Builds the case of a run that was sent on an errand, from the ledger."""

from collections.abc import Sequence
from typing import Any, cast

from tasks.errands.recall import Reopened
from tasks.errands.taking_back import recall_key
from tasks.events import Body, Event, Kind
from tasks.run import Run
from worker.carrying.notebook import past_of
from worker.ledgers.sql import SqlLedger


def reopened(run: Run, ledger: SqlLedger) -> tuple[Reopened, Body]:
    """The case, and the body of the event that asked for it."""
    events = ledger.events(run.id)
    asked = cast("dict[str, Any]", _asked(events).body)
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
    return case, asked


def _asked(events: Sequence[Event]) -> Event:
    return next(event for event in reversed(events) if event.kind is Kind.RECALLING)
