"""Where a ticket has to end: by its script, and by what providers have really said about it."""

from config.tiers import TIERS
from tasks.causes import Cause, ReviewReason
from tasks.run import State
from tests.acceptance.failure_policy import AWAY, MISSHAPEN, MOST_REQUESTS
from tests.chaos.evidence import Records
from tests.chaos.provider import PROVIDERS
from tests.chaos.script import End, Family, number_of, script

STRAYING = {
    "off_list": Cause.OFF_LIST,
    "off_band": Cause.PRIORITY_OUTSIDE_POLICY,
    "unproven": Cause.UNPROVEN_ESCALATION,
}
ATTEMPTS = 4
"""Failures after which a ticket that has some of its own may be dead; no other ever is of that."""

STRAYED = 2
"""Answers with wrong values after which a ticket is dead; one fewer where nobody is left to be
asked: at the dearest tier, or where each model has answered (all tiers have the same here)."""

GARBLED = 3
"""Misshapen answers after which a person may have to look at it; likewise one fewer."""


def ends(records: Records, ticket: str) -> frozenset[End]:
    """State and reason. Bad weather adds an end only to whom it has met as the policy says."""
    met = [request.fault for request in records.by_ticket.get(ticket, [])]
    one = script(records.seed, number_of(ticket))
    found = set(one.ends)
    top = records.tickets[ticket][-1].tier == TIERS[-1] or _all_answered(records, ticket)
    if sum(fault in STRAYING for fault in met) >= STRAYED - top:
        found |= {(State.DEAD, STRAYING[fault]) for fault in met if fault in STRAYING}
    if sum(fault in MISSHAPEN for fault in met) >= GARBLED - top or _asked(records, ticket):
        found.add((State.IN_REVIEW, ReviewReason.UNFINISHED))
    if one.family is Family.TRANSIENT and sum(fault in AWAY for fault in met) >= ATTEMPTS:
        found.add((State.DEAD, Cause.PROVIDER_DOWN))  # its own failures, and those of bad weather
    return frozenset(found)


def _all_answered(records: Records, ticket: str) -> bool:
    """Whether no model is left that has not said something about it."""
    said = {one.provider for one in records.by_ticket.get(ticket, []) if one.answered}
    return said >= set(PROVIDERS)


def _asked(records: Records, ticket: str) -> bool:
    """Whether one of its runs has used up its calls."""
    runs = {run.id for run in records.tickets[ticket]}
    asked = [call.ask.run for call in records.calls if call.ask.run in runs]
    return any(asked.count(run) >= MOST_REQUESTS for run in runs)
