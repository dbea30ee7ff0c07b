"""Snapshots for the tests that need no database."""

from collections.abc import Mapping
from dataclasses import replace

from config.alerts import AlertKind
from tasks.ports.ledger import Books, WorkerRow
from tasks.run import Incarnation, State
from tests.twins.clock import NOON
from worker.alerts.alert import Alert
from worker.broker.names import QUEUES
from worker.pages.backlog import Backlog
from worker.pages.pace import Minute, Pace
from worker.pages.snapshot import OnBroker, Snapshot
from worker.pages.trouble import Trouble
from worker.pages.watch import View

EMPTY = Snapshot(
    at=NOON,
    ledger_seconds=0.01,
    books=Books(ingested=0, states=dict.fromkeys(State, 0)),
    backlog=Backlog(queued={}, running={}, waits=(), graves=(), oldest={}),
    pace=Pace(
        ingested_per_minute=0.0,
        routed_per_minute=0.0,
        minutes=tuple(Minute(at=NOON - 60 * back, routed=0) for back in range(30, 0, -1)),
        sample=0,
        latency=None,
        review_share=None,
    ),
    trouble=Trouble(claims=0, faults=()),
    cost_today={},
    workers=(),
    broker=OnBroker(depths=dict.fromkeys(QUEUES, 0), unacked=dict.fromkeys(QUEUES, 0)),
    alerts=(),
    breakers=(),
    accounts=(),
    guards_off=(),
    runbook="docs/runbook.md",
)
"""A fleet in which nothing has happened."""


def a_snapshot(**changes: object) -> Snapshot:
    """The empty one, but for these."""
    return replace(EMPTY, **changes)  # type: ignore[arg-type]


def an_alert(said: str) -> Alert:
    """By its sentence: heading, colon, text."""
    kind, _, text = said.partition(": ")
    return Alert(kind=AlertKind(kind), name=kind, text=text)


def a_view(trouble: Alert | None = None, **changes: object) -> View:
    """Somebody looks at it two seconds later."""
    return View(snapshot=a_snapshot(**changes), age=2.0, trouble=trouble)


def the_books(states: Mapping[State, int], *, lost: int = 0) -> Books:
    """Books with these states, of which so many runs are nowhere."""
    counts = dict.fromkeys(State, 0) | dict(states)
    return Books(ingested=sum(counts.values()) + lost, states=counts)


def a_worker(**changes: object) -> WorkerRow:
    """A process that has worked for an hour."""
    row = WorkerRow(
        incarnation=Incarnation("w7"),
        host="host-1",
        pid=7,
        version="0.1.0",
        tiers=("economy", "premium"),
        beat=1,
        started_at=NOON - 3_600,
        beat_at=NOON,
    )
    return replace(row, **changes)  # type: ignore[arg-type]
