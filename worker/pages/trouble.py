"""What went wrong in the last hour, by kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union_all

from tasks.events import Kind
from worker.ledgers import schema
from worker.ledgers.told import told

HOUR = 3_600.0
SAMPLE = 1_000
"""The newest events of each kind that are read; beyond, their shares stand for all of the hour."""

DETAILS = {Kind.FAILED: "stage", Kind.WAITING: "reason", Kind.BURIED: "cause"}
"""The field that says what kind of trouble it was."""

WRONG = (*DETAILS, Kind.LAPSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One kind of trouble. `rate` is its share of the claims; None where nothing was claimed."""

    kind: str  # "failed" attempts, "waiting", "buried", "lapsed": the worker died
    detail: str  # the stage, the reason, the cause; empty for lapsed
    count: int
    rate: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """The last hour; the most frequent first."""

    claims: int  # how often a worker took a ticket in hand
    faults: tuple[Fault, ...]


def read_trouble(connection: Connection, now: float) -> Trouble:
    """The trouble in this snapshot, of the hour before `now` (epoch seconds)."""
    counts = _counts(connection, now - HOUR)
    sample = _sample(connection, now - HOUR)
    if lapsed := counts.get(Kind.LAPSED):
        sample[Kind.LAPSED, ""] = lapsed
    claims = counts.get(Kind.CLAIMED, 0)
    seen: Counter[str] = Counter()
    for (kind, _), count in sample.items():
        seen[kind] += count
    faults = [
        Fault(kind=kind, detail=detail, count=whole, rate=whole / claims if claims else None)
        for (kind, detail), count in sample.items()
        if detail != "intake" and (whole := round(count * counts[kind] / seen[kind]))
    ]
    faults.sort(key=lambda fault: (-fault.count, fault.kind, fault.detail))
    return Trouble(claims=claims, faults=tuple(faults))


def _counts(connection: Connection, since: float) -> Mapping[str, int]:
    events = schema.events
    kinds = [str(kind) for kind in (*WRONG, Kind.CLAIMED)]
    query = (
        select(events.c.kind, func.count())
        .where(events.c.kind.in_(kinds), events.c.at > since)
        .group_by(events.c.kind)
    )
    return dict(connection.execute(query).all())


def _sample(connection: Connection, since: float) -> dict[tuple[str, str], int]:
    """(kind, detail) -> how many of the newest events of that kind."""
    events = schema.events
    newest = [
        select(events.c.kind, told(connection, field).label("detail"), told(connection, "stage"))
        .where(events.c.kind == str(kind), events.c.at > since)
        .order_by(events.c.at.desc())
        .limit(SAMPLE)
        .subquery()
        for kind, field in DETAILS.items()
    ]
    every = union_all(*(select(one) for one in newest)).subquery()
    kind, detail, stage = every.c
    query = select(kind, detail, stage, func.count()).group_by(kind, detail, stage)
    found: Counter[tuple[str, str]] = Counter()
    for name, what, where, count in connection.execute(query):
        # A message that could not be read was never claimed: it is no share of the claims.
        found[name, "intake" if where == "intake" else str(what)] += count
    return dict(found)
