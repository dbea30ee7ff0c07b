"""What is open in the ledger: queued, running, waiting or dead, and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from tasks.run import State
from worker.ledgers import schema

UNROUTED = (State.QUEUED, State.RUNNING, State.WAITING)
OPEN = (*UNROUTED, State.DEAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Runs that wait for one reason."""

    reason: str
    count: int
    next_at: float | None  # when the first of them is due, epoch seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Grave:
    """Dead letters of one cause at one stage."""

    cause: str
    stage: str
    count: int
    oldest_at: float  # when the first of them died, epoch seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """Everything open; the largest groups first."""

    queued: Mapping[str, int]  # by tier, which is the queue
    running: Mapping[str, int]
    waits: tuple[Wait, ...]
    graves: tuple[Grave, ...]
    oldest: Mapping[str, float]  # customer tier -> when its oldest unrouted ticket came in


def read_backlog(connection: Connection) -> Backlog:
    """The backlog in this snapshot; what is written, dropped or in review is never touched."""
    groups = _groups(connection)
    return Backlog(
        queued=_by_tier(groups, State.QUEUED),
        running=_by_tier(groups, State.RUNNING),
        waits=_waits([group for group in groups if group.state == State.WAITING]),
        graves=_graves([group for group in groups if group.state == State.DEAD]),
        oldest=_oldest([group for group in groups if group.state in UNROUTED]),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    state: str
    tier: str
    customer_tier: str
    reason: str | None
    stage: str
    count: int
    ingested_at: float
    changed_at: float
    due_at: float | None


def _groups(connection: Connection) -> list[_Group]:
    """One pass over all that is open: a few dozen groups, however long the backlog."""
    runs = schema.runs
    # An unknown customer is a basic one until the facts say more.
    names = (runs.c.state, runs.c.tier, func.coalesce(runs.c.customer_tier, "basic"))
    keys = (*names, runs.c.reason, runs.c.stage)
    firsts = (func.min(runs.c.ingested_at), func.min(runs.c.changed_at), func.min(runs.c.due_at))
    query = (
        select(*keys, func.count(), *firsts)
        .where(runs.c.state.in_([str(state) for state in OPEN]))
        .group_by(*keys)
    )
    return [
        _Group(
            state=state,
            tier=tier,
            customer_tier=customer_tier,
            reason=reason,
            stage=stage,
            count=count,
            ingested_at=ingested_at,
            changed_at=changed_at,
            due_at=due_at,
        )
        for (
            state,
            tier,
            customer_tier,
            reason,
            stage,
            count,
            ingested_at,
            changed_at,
            due_at,
        ) in connection.execute(query)
    ]


def _by_tier(groups: list[_Group], state: State) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for group in groups:
        if group.state == state:
            counts[group.tier] += group.count
    return dict(counts)


def _waits(groups: list[_Group]) -> tuple[Wait, ...]:
    reasons = {str(group.reason) for group in groups}
    waits = [
        Wait(
            reason=reason,
            count=sum(group.count for group in groups if group.reason == reason),
            next_at=min(
                (g.due_at for g in groups if g.reason == reason and g.due_at is not None),
                default=None,
            ),
        )
        for reason in reasons
    ]
    return tuple(sorted(waits, key=lambda wait: (-wait.count, wait.reason)))


def _graves(groups: list[_Group]) -> tuple[Grave, ...]:
    places = {(str(group.reason), group.stage) for group in groups}
    graves = []
    for cause, stage in places:
        here = [g for g in groups if (str(g.reason), g.stage) == (cause, stage)]
        graves.append(
            Grave(
                cause=cause,
                stage=stage,
                count=sum(group.count for group in here),
                oldest_at=min(group.changed_at for group in here),
            )
        )
    return tuple(sorted(graves, key=lambda grave: (-grave.count, grave.cause, grave.stage)))


def _oldest(groups: list[_Group]) -> dict[str, float]:
    oldest: dict[str, float] = {}
    for group in groups:
        before = oldest.get(group.customer_tier, group.ingested_at)
        oldest[group.customer_tier] = min(before, group.ingested_at)
    return oldest
