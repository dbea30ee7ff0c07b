"""The ledger port: the truth about every run."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from config.mode import Mode
from config.tiers import TierName
from tasks.events import Event
from tasks.run import Incarnation, Run, RunId, State, TicketId
from tasks.ticket import ExternalId


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """Personal text as it lies in the ledger: encrypted under the requester's key.

    `name` says what it is ("ticket", "facts", "answer.4"); one of each name a run.
    """

    run: RunId
    name: str
    requester: str
    cipher: bytes
    expires_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedKey:
    """A requester's key, itself encrypted under the fleet's secret key."""

    requester: str
    cipher: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One field or note that is to be written to the helpdesk, and later what became of it."""

    key: str
    run: RunId
    target: str  # a field's name, or "note:escalation", "note:draft", ...
    before: str | None
    wanted: str | None  # None: to be emptied; for notes, whose text is a body, always
    outcome: str | None = None  # None: nobody knows yet; else applied, already, kept, left or gone
    holds: str | None = None  # what the helpdesk held afterwards
    sweep_at: float | None = None  # when the helpdesk is to be looked through for twins of it
    seq: int | None = None  # of the event that recorded it first: a run's writes in their order


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrote:
    """One write to a ticket, with the number of the revision whose run made it."""

    revision: int
    intent: Intent


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be added to one run, all of it or nothing.

    It is accepted only while the status row still is `before` (same seq and fence).
    `writes` are inserted, or updated where their key exists.
    """

    before: Run
    after: Run
    events: tuple[Event, ...]
    bodies: tuple[Sealed, ...] = ()
    writes: tuple[Intent, ...] = ()


class Reserved(IntEnum):
    """What came of a wish to reserve money. MOVED is falsy, as a commit that was refused is."""

    MOVED = 0  # somebody else has moved the run; nothing was changed
    DONE = 1
    SHORT = 2  # it does not fit under the day's caps; nothing was changed


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One message that a source brought, ready to become a run.

    `digest` is the hash of what the customer said (of the raw bytes where malformed). Ticket and
    revision are the ledger's to give. `malformed` (cause, why) makes it a dead letter at once.
    """

    run: RunId
    source: str
    external_id: ExternalId
    requester: str
    digest: str
    tier: TierName
    at: float
    bodies: tuple[Sealed, ...]
    malformed: tuple[str, str] | None = None
    customer_tier: str | None = None  # where it is known without asking
    mode: Mode | None = None  # where it is more careful than its source


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What may be done in a source's helpdesk, and how many of its tickets may begin in an hour.

    A source that nobody has said anything about may do all (`auto`, no limit).
    """

    name: str
    mode: Mode
    per_hour: int | None
    since: float
    by: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What came of a batch: `seen = len(runs) + known`; `superseded` older runs were dropped."""

    runs: tuple[Run, ...]
    known: int
    superseded: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Somebody's wish to work on a run: the send number is the message's."""

    run: RunId
    send_n: int
    owner: Incarnation


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A run that is the claimer's now, with its sealed ticket and its requester's key.

    Both are None where the requester was forgotten or the text's time had run out.
    """

    run: Run
    key: SealedKey | None
    ticket: Sealed | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """One snapshot. The books balance when `ingested` is the sum of the states."""

    ingested: int
    states: Mapping[State, int]

    @property
    def balanced(self) -> bool:
        """Whether every run ever ingested is in exactly one place."""
        return self.ingested == sum(self.states.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which runs are meant; None means any."""

    states: tuple[State, ...] = ()
    queue: str | None = None
    tier: str | None = None
    requester: str | None = None
    prompt: str | None = None
    model: str | None = None
    reason: str | None = None
    stage: str | None = None
    source: str | None = None
    mode: str | None = None  # of its own
    since: float | None = None  # ingested at or after, epoch seconds
    until: float | None = None  # changed at or before
    limit: int | None = None
    newest_first: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerRow:
    """One life of one worker process, as it last reported."""

    incarnation: Incarnation
    host: str
    pid: int
    version: str
    tiers: tuple[str, ...]
    beat: int  # raised every second while it lives
    started_at: float
    beat_at: float
    ended_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Work that is left alone: of a tier, of a stage, or all of it."""

    scope: str
    since: float
    by: str
    why: str


class Ledger(Protocol):
    """Events are appended, status rows follow, personal text lies apart.

    Promise: a Change is committed whole or not at all, durably when `commit` returns, and only
    while nobody else has moved the run; one refused change does not stop the others of its group.
    What a run has reserved (`before.reserved`) is settled with the change that ends it.
    `reserve` commits changes that reserve money (`after.reserved` for `after.reserved_for`), each
    only while it fits under the caps of its tier and of the fleet on that day: however many do so
    at once, what is reserved and spent never passes a cap. `commit` refuses them (ValueError).
    `claim` gives a run to at most one claimer, and none for a message that is out of date.
    `keep_keys` keeps each key unless its requester has one already, and says which one stands.
    `ingest` takes in each message once, however often and by however many it is called, and
    commits the source's cursor with it. Events can be neither changed nor removed.

    Raises LedgerDown when the database does not answer; a group's outcome is then unknown, and
    asking for the run tells.
    """

    def ingest(self, arrivals: Sequence[Arrival], *, cursor: "Cursor | None") -> Taken: ...

    def claim(self, claims: Sequence[Claim], at: float) -> Sequence[Claimed | None]: ...

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]: ...

    def reserve(self, changes: Sequence[Change]) -> Sequence[Reserved]: ...

    def run(self, run: RunId) -> Run | None: ...

    def named(self, name: str) -> Sequence[Run]: ...

    def runs(self, wanted: Filter) -> Iterator[Run]: ...

    def events(self, run: RunId) -> Sequence[Event]: ...

    def bodies(self, run: RunId, names: Iterable[str] | None = None) -> Sequence[Sealed]: ...

    def key(self, requester: str) -> SealedKey | None: ...

    def keep_keys(self, keys: Sequence[SealedKey]) -> Mapping[str, SealedKey]: ...

    def writes(self, run: RunId) -> Sequence[Intent]: ...

    def earlier_writes(self, run: Run) -> Sequence[Intent]: ...

    def routed_before(self, run: Run, most: int) -> Sequence[Run]: ...

    def written_to(self, tickets: Collection[TicketId]) -> Mapping[TicketId, Sequence[Wrote]]: ...

    def books(self) -> Books: ...

    def cursor(self, source: str) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """How far a source was read; the text means something to its source alone."""

    source: str
    position: str
    polled_at: float = field(default=0.0)
