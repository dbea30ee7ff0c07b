"""Alerts of what people correct more often than they used to."""

from collections.abc import Iterable, Iterator

from config.alerts import AlertKind
from tasks.watching import Judged
from worker.alerts.alert import Alert


def of_accuracy(judged: Iterable[Judged]) -> Iterator[Alert]:
    """One for each field of an issue type."""
    for one in judged:
        if not one.alarms:
            continue
        of = f"{one.wrong} of the last {one.tickets} tickets of {one.issue_type}"
        did = f"people moved {of} there" if one.missing else f"people corrected {one.field} of {of}"
        put_up_with = f"{one.usual or 0.0:.1%} are put up with"
        text = f"{did}; {put_up_with}; `triage truth --watch`"
        name = f"accuracy:{one.field}:{one.issue_type}{':missing' * one.missing}"
        yield Alert(kind=AlertKind.ACCURACY, name=name, text=text)
