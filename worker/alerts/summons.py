"""What is told of single tickets, and to whom: pure. Ids and listed words, no word of a ticket."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from config.alerts import AlertKind, Alerts
from worker.alerts.alert import Alert
from worker.ledgers.summoning import Call

MOST_NAMED = 5
"""Tickets by their id in one message."""

EVERYBODY = "everybody"
"""In place of an owner's name: whoever hears of alerts."""


def by_owner(calls: Sequence[Call], rules: Alerts) -> Mapping[str | None, Sequence[Call]]:
    """Owner -> what they are to hear of; None: whoever hears of alerts."""
    found = defaultdict[str | None, list[Call]](list)
    for call in calls:
        found[rules.owner_of(call.issue_type)].append(call)
    return found


def waits(owner: str | None, calls: Sequence[Call], now: float) -> Alert:
    """These wait for a person."""
    one = len(calls) == 1
    text = f"{len(calls)} ticket{' waits' if one else 's wait'} for a person: {_named(calls)}"
    return Alert(
        kind=AlertKind.REVIEW_WAITING,
        name=f"review:{owner or EVERYBODY}",
        text=f"{text}; `triage review list`",
        since=now,
    )


def escalated(owner: str | None, calls: Sequence[Call], now: float) -> Alert:
    """These are escalated."""
    one = len(calls) == 1
    text = f"{len(calls)} ticket{' is' if one else 's are'} escalated: {_named(calls)}"
    return Alert(
        kind=AlertKind.ESCALATED,
        name=f"escalated:{owner or EVERYBODY}",
        text=text,
        since=now,
    )


def _named(calls: Sequence[Call]) -> str:
    shown = ", ".join(f"{call.ticket} ({call.what})" for call in calls[:MOST_NAMED])
    more = len(calls) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
