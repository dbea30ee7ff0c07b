"""Pictures of a fleet for the tests that need none."""

from dataclasses import replace

from config.alerts import AlertKind
from config.environment import Environment
from config.load import load
from tasks.ports.ledger import Books, WorkerRow
from tasks.run import Incarnation, State
from tests.twins.clock import NOON
from worker.alerts.picture import Picture
from worker.alerts.raised import raised

CONFIG = load(Environment.read({}))
WORKER = WorkerRow(
    incarnation=Incarnation("w7"),
    host="host-1",
    pid=7,
    version="0.1.0",
    tiers=("economy",),
    beat=1,
    started_at=NOON - 3_600,
    beat_at=NOON,
)
CALM = Picture(
    now=NOON,
    books=Books(ingested=0, states=dict.fromkeys(State, 0)),
    alive=(WORKER,),
    polled={"helpdesk": NOON - 5},
)
"""A fleet that works, and has nothing to do."""


def a_picture(**changes: object) -> Picture:
    """The calm one, but for these."""
    return replace(CALM, **changes)  # type: ignore[arg-type]


def books(*, lost: int = 0, **states: int) -> Books:
    """So many tickets in each state."""
    counts = dict.fromkeys(State, 0) | {State(name): count for name, count in states.items()}
    return Books(ingested=sum(counts.values()) + lost, states=counts)


def found(**changes: object) -> list[tuple[AlertKind, str]]:
    """Kind and name of what holds in such a picture."""
    return [(alert.kind, alert.name) for alert in raised(a_picture(**changes), CONFIG)]
