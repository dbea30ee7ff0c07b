"""All that an alert may be read from, of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.alerts import AlertKind
from tasks.ports.ledger import Books, WorkerRow
from worker.ledgers.switching import GuardOff


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A breaker: "openai", "helpdesk:rt", "facts", "credential:NAME", "model:NAME".

    `since`: when it last left `closed` (epoch seconds), however often it was probed meanwhile.
    """

    name: str
    is_closed: bool
    since: float
    why: str = ""  # the kind of failure, or who holds it open; never a word of an answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a scope (`fleet`, or a tier) has come to today; all in millionths of a dollar.

    `is_shut`: the next call did not fit, so that runs wait for tomorrow below the cap already.
    """

    scope: str
    spent: int
    reserved: int
    cap: int
    is_shut: bool = False


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
    lost: int = 0  # workers that ended in no good order, and nobody has taken over from
    oldest: Mapping[str, float] = field(default_factory=dict)  # customer tier -> came in then
    waiting: Mapping[str, int] = field(default_factory=dict)  # reason -> runs
    parked: Mapping[str, int] = field(default_factory=dict)  # what they wait for, or "" -> runs
    polled: Mapping[str, float | None] = field(default_factory=dict)  # source -> last; None: never
    breakers: tuple[Standing, ...] = ()
    accounts: tuple[Account, ...] = ()
    rates: Rates = Rates()
    shares: Shares = Shares()
    answers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Model -> the names that it answered under -> when each was first seen."""
    guards_off: tuple[GuardOff, ...] = ()
    broker_answers: bool = True
    unseen: frozenset[AlertKind] = frozenset()
    """Of what nothing could be learnt: what held before is taken to hold still."""
