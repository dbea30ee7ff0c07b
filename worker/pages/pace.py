"""How fast tickets come in and go out, how long that takes, and how many need a person."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from tasks.events import Kind
from tasks.run import State
from worker.ledgers import schema

MINUTE = 60.0
RECENT_MINUTES = 5
SHOWN_MINUTES = 30
HOUR = 3_600.0
SAMPLE = 1_000
"""The newest routed tickets that latency and review share speak of; the hour may hold more."""

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """One whole minute by the clock."""

    at: float  # its beginning, epoch seconds
    routed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The flow of tickets. Latency is seconds from arrival to routed; None: nothing was routed."""

    ingested_per_minute: float  # of the last five minutes
    routed_per_minute: float
    minutes: tuple[Minute, ...]  # the last half hour, oldest first; the running one is left out
    sample: int  # routed tickets that the rest speaks of: the newest 1,000 of the last hour
    latency: Mapping[int, float] | None  # percentile -> seconds
    review_share: float | None  # of the sample, those that wait for a person now


def read_pace(connection: Connection, now: float) -> Pace:
    """The flow in this snapshot, as of `now` (epoch seconds)."""
    events, runs = schema.events, schema.runs
    recent = now - RECENT_MINUTES * MINUTE
    ingested = select(func.count()).where(events.c.kind == str(Kind.INGESTED), events.c.at > recent)
    routed = select(func.count()).where(runs.c.routed_at > recent)
    newest = (
        select(runs.c.routed_at - runs.c.ingested_at, runs.c.state)
        .where(runs.c.routed_at > now - HOUR)
        .order_by(runs.c.routed_at.desc())
        .limit(SAMPLE)
    )
    sample = connection.execute(newest).all()
    in_review = sum(state == State.IN_REVIEW for _, state in sample)
    return Pace(
        ingested_per_minute=connection.execute(ingested).scalar_one() / RECENT_MINUTES,
        routed_per_minute=connection.execute(routed).scalar_one() / RECENT_MINUTES,
        minutes=_minutes(connection, now),
        sample=len(sample),
        latency=percentiles([max(0.0, seconds) for seconds, _ in sample]),
        review_share=in_review / len(sample) if sample else None,
    )


def percentiles(values: Sequence[float]) -> dict[int, float] | None:
    """By nearest rank: each is a value that was measured. None where nothing was."""
    if not values:
        return None
    ranked = sorted(values)
    return {p: ranked[math.ceil(p / 100 * len(ranked)) - 1] for p in PERCENTILES}


def _minutes(connection: Connection, now: float) -> tuple[Minute, ...]:
    runs = schema.runs
    end = math.floor(now / MINUTE) * MINUTE
    starts = [end - MINUTE * back for back in range(SHOWN_MINUTES, 0, -1)]
    # Newest first: CASE takes the first that holds. A division would round differently on each
    # database.
    minute = case(*((runs.c.routed_at >= start, start) for start in reversed(starts)))
    query = (
        select(minute, func.count())
        .where(runs.c.routed_at >= starts[0], runs.c.routed_at < end)
        .group_by(minute)
    )
    counts: dict[float, int] = dict(connection.execute(query).all())
    return tuple(Minute(at=start, routed=counts.get(start, 0)) for start in starts)
