"""A run: one triage of one revision of one ticket, as its status row shows it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NewType, get_args

from config.mode import Mode
from config.tiers import TierName
from tasks.ticket import ExternalId

RunId = NewType("RunId", str)
TicketId = NewType("TicketId", str)
Incarnation = NewType("Incarnation", str)
"""One life of one worker process."""

Errand = Literal["recall", "hand_over"]
"""What a run may be sent to do beside its journey; it comes back to where it was."""

ERRANDS: tuple[Errand, ...] = get_args(Errand)

StageName = Literal["intake", "enrich", "classify", "validate", "write", "recall", "hand_over"]


class State(StrEnum):
    """Where a run is. Every run is in exactly one of these, always."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    IN_REVIEW = "in_review"
    WRITTEN = "written"
    DEAD = "dead"
    DROPPED = "dropped"


class Outcome(StrEnum):
    """What became of the write."""

    APPLIED = "applied"
    PARTLY = "partly"  # a person's value was kept
    SUGGESTED = "suggested"
    SHADOW = "shadow"
    RECALLED = "recalled"  # it was applied, and an operator has taken it back


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The status row. It is a fold of the run's events and carries what the hot path needs.

    Times are epoch seconds, money millionths of a US dollar. `seq` is the number of the last
    event, `fence` grows with each claim; together they refuse whatever is stale.
    """

    id: RunId
    ticket: TicketId
    source: str
    external_id: ExternalId
    requester: str  # keyed hash of the requester, never the address
    digest: str  # of what the customer said, or of a malformed message's bytes
    revision: int
    seq: int
    state: State
    stage: StageName  # where work starts, or where it ended
    tier: TierName
    ingested_at: float
    changed_at: float
    sent_at: float | None = None
    due_at: float | None = None
    routed_at: float | None = None  # when a decision reached the helpdesk, or people
    reason: str | None = None  # why it waits, is in review, dead or dropped
    why: str | None = None  # the same in words, free of ticket text
    outcome: Outcome | None = None
    owner: Incarnation | None = None
    fence: int = 0
    send_n: int = 0
    attempts: int = 0  # failed ones of this stage
    suspect: bool = False  # a process died that had it; whether by it, nobody knows
    alone: bool = False  # a process of suspects died that had it: it needs one of its own
    deaths: int = 0  # of processes that had nothing but this run
    requeues: int = 0
    micro_usd: int = 0
    calls: int = 0  # of models, whatever came of them; since the run was begun or requeued
    tokens: int = 0  # in and out of these calls
    reserved: int = 0  # millionths of a dollar, for the call that is under way
    reserved_for: str | None = None  # whose account that is: "2026-11-28/economy"
    customer_tier: str | None = None
    issue_type: str | None = None
    priority: int | None = None
    queue: str | None = None
    prompt: str | None = None
    model: str | None = None
    handed_at: float | None = None  # when people were told that it is theirs
    mode: Mode | None = None  # where it is more careful than its source
    waits_for: str | None = None  # the guard that held it back: it goes on when that lets through

    @property
    def is_backfill(self) -> bool:
        """Whether people have closed its ticket, and it is there to be compared with them."""
        return self.mode is Mode.SHADOW
