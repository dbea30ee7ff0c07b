"""A customer's newer message takes over from the older ones that have written nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import Connection, select

from tasks.birth import capped
from tasks.causes import DropCause
from tasks.events import Event, Kind
from tasks.journey import advance
from tasks.ports.ledger import Arrival, Change
from tasks.run import Run, State, TicketId
from worker.ledgers import bulk, schema
from worker.ledgers.reading import RUNS
from worker.ledgers.rows import run_of

UNWRITTEN = (State.QUEUED, State.WAITING, State.IN_REVIEW, State.DEAD, State.RUNNING)
"""States in which a newer message of the customer may take over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Birth:
    """A message that is new, with the run that it becomes."""

    arrival: Arrival
    events: tuple[Event, ...]
    run: Run

    def dropped_for(self, newer: "Birth") -> Self:
        """The same, superseded before it could begin."""
        return self._then(_superseded(self.run, newer))

    def capped(self) -> Self:
        """The same, waiting for a place in its source's hour."""
        return self._then(capped(self.run, self.arrival.at))

    def _then(self, event: Event) -> Self:
        return replace(self, events=(*self.events, event), run=advance(self.run, event))


def settle_among(births: Sequence[Birth]) -> list[Birth]:
    """The same, those dropped that a newer one of the same batch supersedes."""
    newest = _newest(births)
    return [
        birth.dropped_for(newer)
        if (newer := newest.get(birth.run.ticket)) and birth.run.revision < newer.run.revision
        else birth
        for birth in births
    ]


def supersede(connection: Connection, births: Sequence[Birth]) -> list[Run]:
    """Drops older runs of these tickets that have written nothing; these as they were."""
    newest = {name: birth for name, birth in _newest(births).items() if birth.run.revision > 1}
    if not newest:
        return []
    runs = schema.runs
    older = RUNS.where(runs.c.ticket.in_(list(newest)), runs.c.state.in_(UNWRITTEN))
    found = [run_of(row) for row in connection.execute(older.order_by(runs.c.id).with_for_update())]
    changes = []
    for run in _without_those_that_write(connection, found):
        event = _superseded(run, newest[run.ticket])
        changes.append(Change(before=run, after=advance(run, event), events=(event,)))
    bulk.change(connection, changes)
    return [change.before for change in changes]


def _newest(births: Sequence[Birth]) -> dict[TicketId, Birth]:
    """Of each ticket the last that can be worked on: a malformed one takes nothing over."""
    return {birth.run.ticket: birth for birth in births if birth.arrival.malformed is None}


def _without_those_that_write(connection: Connection, runs: Sequence[Run]) -> list[Run]:
    """One that is writing, or that may have, comes to its end first: the newer one waits for it.

    So does one that is being taken back. One that nobody carries on by itself does not.
    """
    table = schema.writes
    carried = [run.id for run in runs if run.state in (State.QUEUED, State.WAITING)]
    query = select(table.c.run).where(table.c.run.in_(carried), table.c.outcome.is_(None))
    writing = {run for (run,) in connection.execute(query)} if carried else set()
    return [
        run
        for run in runs
        if run.id not in writing
        and not (run.state is State.RUNNING and run.stage == "write")
        and not (run.stage == "recall" and run.state is not State.DEAD)
    ]


def _superseded(run: Run, newer: Birth) -> Event:
    body = {
        "cause": DropCause.SUPERSEDED,
        "why": f"revision {newer.run.revision} took over",
        "by": "triage-fleet",
    }
    at = newer.arrival.at
    return Event(run=run.id, seq=run.seq + 1, at=at, kind=Kind.DROPPED, body=body)
