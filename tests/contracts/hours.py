"""A source that may begin two tickets an hour, and those who come to it."""

from config.mode import Mode
from tasks.ports.ledger import Arrival, Source
from tasks.run import State
from tests.ledgers import an_arrival, take_in
from tests.twins.clock import NOON
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger

RT = "rt:https://rt.example.org"
MINUTE = 60.0
MANY = 100
TWO = Source(name=RT, mode=Mode.AUTO, per_hour=2, since=NOON - HOUR, by="ada", why="it is new")


def said(ticket: str, says: str = "first", at: float = NOON) -> Arrival:
    """What that ticket's customer says; the same is the same message."""
    return an_arrival(ticket, says=says, source=RT, at=at)


def came(ledger: SqlLedger, *arrivals: Arrival) -> list[State]:
    """Where each of them is, as soon as all were taken in."""
    return [run.state for run in take_in(ledger, *arrivals)]


def begins(ledger: SqlLedger, at: float, limit: int = MANY) -> list[tuple[str, int]]:
    """Which tickets begin then, in turn, each with the revision that does."""
    return [(run.external_id, run.revision) for run in ledger.let_begin(at, limit)]


def capacity(ledger: SqlLedger, at: float) -> int:
    """How many that are new could begin then. They do."""
    return came(ledger, *(said(f"new-{at}-{n}", at=at) for n in range(9))).count(State.QUEUED)
