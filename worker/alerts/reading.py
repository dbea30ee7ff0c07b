"""Reads from the ledger what alerts are made of: each a query of its own, by an index."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, Select, case, func, select

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.delivery import BACK
from tasks.events import Kind
from tasks.run import ERRANDS, State
from worker.alerts.picture import Rates, Shares
from worker.guards.rule import KEYS
from worker.ledgers import schema
from worker.ledgers.told import told

UNROUTED = (State.QUEUED, State.RUNNING, State.WAITING)
HOUR = 3_600.0
SAMPLE = 1_000
"""The newest tickets that shares speak of; the hour may hold more."""


def read_oldest(connection: Connection) -> Mapping[str, float]:
    """Customer tier -> when its oldest unrouted ticket came in; unknown customers are basic."""
    runs = schema.runs
    tier = func.coalesce(runs.c.customer_tier, "basic")
    query = (
        select(tier, func.min(runs.c.ingested_at))
        .where(
            runs.c.state.in_([str(state) for state in UNROUTED]),
            runs.c.stage.not_in(ERRANDS),  # it was routed once, or is with people in a moment
            func.coalesce(runs.c.reason, "") != WaitReason.CAPPED,  # people have it meanwhile
            runs.c.mode.is_distinct_from(Mode.SHADOW),  # nobody waits for it
        )
        .group_by(tier)
    )
    return {str(tier): float(at) for tier, at in connection.execute(query)}


def read_waiting(connection: Connection) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Reason -> runs that wait; and of those that are parked, what is to be mended -> runs.

    Whoever waits for several (`anthropic credential:KEY model:NAME`) counts for each that a person
    has to mend: an alert is about one of them.
    """
    runs = schema.runs
    query = (
        select(runs.c.reason, runs.c.waits_for, func.count())
        .where(runs.c.state == State.WAITING)
        .group_by(runs.c.reason, runs.c.waits_for)
    )
    waiting: Counter[str] = Counter()
    parked: Counter[str] = Counter()
    for reason, guards, count in connection.execute(query):
        waiting[str(reason)] += count
        if reason == WaitReason.PARKED:
            keys = [name for name in (guards or "").split() if name.startswith(KEYS)]
            for name in keys or [""]:
                parked[name] += count
    return waiting, parked


def read_backfill(connection: Connection) -> Mapping[State, int]:
    """Where the runs are that a backfill has begun, but for those that have come to their end."""
    runs = schema.runs
    unended = [state for state in State if state not in (State.WRITTEN, State.DROPPED)]
    query = (
        select(runs.c.state, func.count())
        .where(runs.c.state.in_(unended), runs.c.mode == Mode.SHADOW)
        .group_by(runs.c.state)
    )
    counts = {str(state): int(count) for state, count in connection.execute(query)}
    return {state: counts[state] for state in unended if state in counts}


def read_held_edits(connection: Connection) -> tuple[str, ...]:
    """Tickets on which people's choices stand overwritten, and shadow keeps us from mending it."""
    runs, writes, events = schema.runs, schema.writes, schema.events
    overwritten = select(events.c.run).where(events.c.kind == str(Kind.OVERWRITTEN))
    query = (
        select(runs.c.external_id)
        .distinct()
        .join(writes, writes.c.run == runs.c.id)
        .where(
            writes.c.run.in_(overwritten),
            writes.c.sweep_at.is_not(None),
            writes.c.outcome == "applied",
            ~writes.c.target.startswith("note:"),
            ~writes.c.key.contains(f"{BACK}:"),  # what was put back
        )
        .order_by(runs.c.external_id)
    )
    return tuple(str(name) for (name,) in connection.execute(query))


def read_polls(connection: Connection) -> Mapping[str, float]:
    """Source -> when it was last read with success."""
    cursors = schema.cursors
    rows = connection.execute(select(cursors.c.source, cursors.c.polled_at))
    return {str(source): float(at) for source, at in rows}


ENDS = (Kind.WRITTEN, Kind.IN_REVIEW, Kind.BURIED)


def read_rates(connection: Connection, since: float) -> Rates:
    """What has happened since then (epoch seconds)."""
    events = schema.events
    kinds = [str(kind) for kind in (Kind.CLAIMED, Kind.FAILED, *ENDS)]
    query = (
        select(events.c.kind, func.count())
        .where(events.c.kind.in_(kinds), events.c.at > since)
        .group_by(events.c.kind)
    )
    counts: dict[str, int] = dict(connection.execute(query).all())
    return Rates(
        claimed=counts.get(Kind.CLAIMED, 0),
        failed=counts.get(Kind.FAILED, 0),
        buried=counts.get(Kind.BURIED, 0),
        ended=sum(counts.get(kind, 0) for kind in ENDS),
    )


def read_shares(connection: Connection, now: float) -> Shares:
    """Of the newest tickets of the last hour: who waits for people, and who was escalated."""
    runs, events = schema.runs, schema.events
    routed = (
        select((runs.c.state == State.IN_REVIEW).label("is_so"))
        .where(runs.c.routed_at > now - HOUR, runs.c.mode.is_distinct_from(Mode.SHADOW))
        .order_by(runs.c.routed_at.desc())
    )
    validated = (
        select(told(connection, "escalated").is_not(None).label("is_so"))
        .where(events.c.kind == str(Kind.VALIDATED), events.c.at > now - HOUR)
        .order_by(events.c.at.desc())
    )
    in_review, escalated = _counted(connection, routed), _counted(connection, validated)
    return Shares(
        routed=in_review[1],
        in_review=in_review[0],
        validated=escalated[1],
        escalated=escalated[0],
    )


def _counted(connection: Connection, query: Select[bool]) -> tuple[int, int]:
    """How many of the newest are so, and of how many."""
    newest = query.limit(SAMPLE).subquery()
    are_so = func.coalesce(func.sum(case((newest.c.is_so, 1), else_=0)), 0)
    part, whole = connection.execute(select(are_so, func.count()).select_from(newest)).one()
    return int(part), int(whole)
