"""What is known of whom a violation names: the home is gone by the time that somebody looks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from tests.chaos.calls import Call, Request
from tests.chaos.evidence import Records

TICKET = re.compile(r"C-\d{6}")
MOMENT = re.compile(r"(\w+): \D*(\d{10}\.\d)")
RUSH = re.compile(r"retries in the minute before (\d{10}\.\d)")
BEFORE, AFTER = 35.0, 5.0
"""Seconds around a moment; a breaker judges by the last 30."""
RUSH_SECONDS = 75.0


def dossiers(records: Records, violations: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """By ticket: all that is known of its runs. By provider and moment: the calls around it."""
    told = "\n".join(text for texts in violations.values() for text in texts)
    named = {*TICKET.findall(told), *(run.external_id for run in records.runs if run.id in told)}
    tickets = {name: _ticket(records, name) for name in sorted(named)}
    moments = {
        f"{provider} {at}": _moment(records, provider, float(at))
        for provider, at in MOMENT.findall(told)
    }
    rushes = {f"retries {at}": _rush(records, float(at)) for at in RUSH.findall(told)[-1:]}
    return {**tickets, **moments, **rushes}


def _ticket(records: Records, name: str) -> dict[str, object]:
    runs, shown = records.tickets[name], records.shown.get(name)
    events = [event for run in runs for event in records.events[run.id]]
    return {
        "runs": [asdict(run) for run in runs],
        "events": [(event.run, event.at, event.kind, dict(event.body)) for event in events],
        "writes": [asdict(write) for run in runs for write in records.intents[run.id]],
        "notes": [(note.key, note.at) for note in shown.notes] if shown else [],
        "requests": [_request(one) for one in records.by_ticket.get(name, [])],
    }


def _moment(records: Records, provider: str, at: float) -> list[tuple[object, ...]]:
    """When it began and ended from there, what we say of it, and what the provider says."""
    near = (call for call in records.calls if call.ask.provider == provider)
    return sorted(_calls(near, at), key=lambda row: str(row[0]))


def _rush(records: Records, at: float) -> list[tuple[object, ...]]:
    """Each retry: when it came and was asked for, whose it is, and how many were left by then."""
    rows = [
        (call.request.at, call.ask.at, call.ask.run, call.ask.retries_left, call.ask.failures)
        for call in records.calls
        if call.request and call.ask.is_retry and 0 <= at - call.request.at + AFTER <= RUSH_SECONDS
    ]
    return sorted(rows)


def _calls(near: Iterable[Call], at: float) -> Iterable[tuple[object, ...]]:
    for call in near:
        ask = call.ask
        if at - BEFORE < ask.at < at + AFTER:
            took = None if ask.until is None else round(ask.until - at, 2)
            theirs = _request(call.request) if call.request else None
            said = took, ask.error, ask.is_probe, call.failed, ask.owner
            yield round(ask.at - at, 2), *said, theirs


def _request(one: Request) -> tuple[object, ...]:
    return one.provider, one.at, one.until, one.fault, one.status, one.outcome
