"""The failure policy as a table: what a provider does, and what becomes of tickets meanwhile.

The faults are the simulator's (`triage simulate-provider --list`).
"""

from dataclasses import dataclass

from tasks.causes import Cause, ReviewReason, WaitReason
from tasks.run import State

MOST_REQUESTS = 8
"""That one run may make, whatever happens (config.guards.run)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What becomes of tickets while a provider does nothing but this.

    `waits`: what they wait for until it is over; they are written then, without a dead letter.
    Otherwise they come to rest in `state` for `reason`, after `requests` each at most.
    """

    fault: str
    waits: frozenset[WaitReason] = frozenset()
    state: State = State.WRITTEN
    reason: Cause | ReviewReason | None = None
    requests: int = MOST_REQUESTS


def _row(fault: str, state: State, reason: Cause | ReviewReason, requests: int) -> Row:
    return Row(fault=fault, state=state, reason=reason, requests=requests)


AWAY = (
    "error_500",
    "error_502",
    "error_503",
    "error_529",
    "error_408",
    "hang",
    "reset",
    "reset_mid_body",
    "cut",
    "slow_drip",
    "refused",
)
BUSY = ("rate_2", "rate_date", "rate_nonsense", "rate_bare")
MISCONFIGURED = ("error_401", "error_402", "error_403", "error_404", "insufficient_quota")
REFUSED = ("refusal", "content_filter", "prompt_filtered")
MISSHAPEN = (
    "page",
    "empty",
    "no_choices",
    "no_content",
    "words",
    "words_around",
    "wrong_shape",
    "truncated",
    "huge",
)
HARMLESS = ("usage_missing", "other_model", "slow_0.2")

TABLE: tuple[Row, ...] = (
    *(Row(fault=f, waits=frozenset({WaitReason.RETRY, WaitReason.BREAKER})) for f in AWAY),
    *(Row(fault=f, waits=frozenset({WaitReason.RATE})) for f in BUSY),
    *(Row(fault=f, waits=frozenset({WaitReason.PARKED})) for f in MISCONFIGURED),
    _row("error_400", State.DEAD, Cause.REJECTED, 1),
    _row("context_too_long", State.DEAD, Cause.CONTEXT_TOO_LONG, 1),
    *(_row(f, State.IN_REVIEW, ReviewReason.REFUSED, 1) for f in REFUSED),
    *(_row(f, State.IN_REVIEW, ReviewReason.UNFINISHED, MOST_REQUESTS) for f in MISSHAPEN),
    _row("off_list", State.DEAD, Cause.OFF_LIST, 2),
    _row("off_band", State.DEAD, Cause.PRIORITY_OUTSIDE_POLICY, 2),
    _row("unproven", State.DEAD, Cause.UNPROVEN_ESCALATION, 2),
    *(Row(fault=f, requests=1) for f in HARMLESS),
)
