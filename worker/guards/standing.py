"""How a breaker stands, as people and pages are shown it."""

from dataclasses import dataclass
from typing import Literal

from worker.guards.ramp import share_let
from worker.guards.rule import Rule
from worker.guards.shared import Heard, failing
from worker.ledgers.tripping import Trip

StandingState = Literal["closed", "open", "probing", "ramp", "tripped", "unknown"]
SHUT: frozenset[StandingState] = frozenset(("open", "probing", "tripped"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One breaker at one moment."""

    name: str
    state: StandingState
    since: float | None  # epoch seconds; None: it has stood so ever since anybody knows
    failing: float | None  # the share of the last calls that failed; None: nobody called
    calls: int  # in the window
    probe_in: float | None  # seconds until it may be probed; None where it is not open
    lets: float  # the share of calls that it lets through
    by: str | None = None  # who tripped it
    why: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it keeps anybody back."""
        return self.state not in ("closed", "unknown")

    @property
    def is_shut(self) -> bool:
        """Whether nothing goes through but a probe."""
        return self.state in SHUT


def standing_of(name: str, rule: Rule, heard: Heard | None, trip: Trip | None) -> Standing:
    """What is to be shown of what is known; nothing may be."""
    heard_calls = heard.successes + heard.failures if heard else 0
    share = failing(heard.successes, heard.failures, heard.last, rule.last_calls) if heard else None
    if trip:
        return Standing(
            name=name,
            state="tripped",
            since=trip.since,
            failing=share,
            calls=heard_calls,
            probe_in=None,
            lets=0.0,
            by=trip.by,
            why=trip.why,
        )
    state, lets = _state(rule, heard)
    return Standing(
        name=name,
        state=state,
        since=heard.record.since if heard and heard.record.generation else None,
        failing=share,
        calls=heard_calls,
        probe_in=heard.record.due_in if heard and lets == 0 else None,
        lets=lets,
        why=heard.record.cause.replace(" ", ": ", 1) or None if heard and lets == 0 else None,
    )


def _state(rule: Rule, heard: Heard | None) -> tuple[StandingState, float]:
    """The state, and the share of calls that it lets through."""
    if heard is None:
        return "closed", 1.0
    if heard.record.state == "open":
        return "probing" if heard.probe_in > 0 else "open", 0.0
    ago = heard.record.closed_ago
    left = 0.0 if ago is None else rule.ramp - ago
    return ("ramp", share_let(left, rule.ramp)) if left > 0 else ("closed", 1.0)
