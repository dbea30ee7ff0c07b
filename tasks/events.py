"""What can happen to a run. An event is a fact: it is added and never changed.

Bodies hold ids, listed values, numbers and hashes; never a word of the ticket.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tasks.run import RunId

Body = Mapping[str, object]


class Kind(StrEnum):
    """The names of events; they stand in the ledger and never change their meaning."""

    INGESTED = "ingested"
    SENT = "sent"
    CLAIMED = "claimed"
    ENRICHED = "enriched"
    ASKING = "asking"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    CLASSIFIED = "classified"
    VALIDATED = "validated"
    INTENDED = "intended"
    WRITTEN = "written"
    FAILED = "failed"
    WAITING = "waiting"
    PROMOTED = "promoted"
    DEGRADED = "degraded"
    RELEASED = "released"
    LAPSED = "lapsed"
    SUSPECTED = "suspected"
    DIED = "died"
    TWINS = "twins"
    IN_REVIEW = "in_review"
    BURIED = "buried"
    REQUEUED = "requeued"
    DROPPED = "dropped"
    RECALLING = "recalling"
    RECALLED = "recalled"
    HANDING_OVER = "handing_over"
    HANDED_OVER = "handed_over"
    GIVEN_BACK = "given_back"
    OVERWRITTEN = "overwritten"
    JUDGED = "judged"
    REVIEWED = "reviewed"
    CORRECTED = "corrected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """The `seq`-th thing that happened to `run`, at `at` (epoch seconds)."""

    run: RunId
    seq: int
    at: float
    kind: Kind
    body: Body
