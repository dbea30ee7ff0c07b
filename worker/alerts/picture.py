"""All that an alert may be read from, of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.alerts import AlertKind
from tasks.ports.ledger import Books, WorkerRow
from tasks.run import State
from tasks.watching import Judged
from worker.guards.standing import Standing
from worker.ledgers.accounting import Account
from worker.ledgers.switching import GuardOff


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What happened in `limits.window_seconds`."""

    claimed: int = 0
    failed: int = 0  # attempts
    buried: int = 0
    ended: int = 0  # written, in review or buried


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """Of the newest tickets of the last hour."""

    routed: int = 0
    in_review: int = 0  # of those, and still there
    validated: int = 0
    escalated: int = 0  # of those


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The fleet at `now` (epoch seconds)."""

    now: float
    books: Books
    alive: tuple[WorkerRow, ...] = ()
    backfill: Mapping[State, int] = field(default_factory=dict)
    """Of the books' the runs that a backfill has left open or dead: nobody waits for them."""
    lost: int = 0  # workers that ended in no good order, and nobody has taken over from
    oldest: Mapping[str, float] = field(default_factory=dict)  # customer tier -> came in then
    waiting: Mapping[str, int] = field(default_factory=dict)  # reason -> runs
    parked: Mapping[str, int] = field(default_factory=dict)  # what they wait for, or "" -> runs
    polled: Mapping[str, float | None] = field(default_factory=dict)  # source -> last; None: never
    breakers: tuple[Standing, ...] = ()
    accounts: tuple[Account, ...] = ()  # of today
    held_edits: tuple[str, ...] = ()
    """Tickets on which people's choices stand overwritten, while shadow keeps us from mending."""
    rates: Rates = Rates()
    shares: Shares = Shares()
    answers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Model -> the names that it answered under -> when each was first seen."""
    judged: tuple[Judged, ...] = ()
    """Whether people correct more than they did, by field and issue type."""
    guards_off: tuple[GuardOff, ...] = ()
    broker_answers: bool = True
    unseen: frozenset[AlertKind] = frozenset()
    """Of what nothing could be learnt: what held before is taken to hold still."""
