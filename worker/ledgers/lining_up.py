"""Who begins at once and who stands in line, of those who come to a source that has a limit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    func,
    not_,
    or_,
    select,
)

from config.mode import Mode
from tasks.birth import is_untouched
from tasks.causes import DropCause, WaitReason
from tasks.ports.ledger import Arrival
from tasks.run import Run, RunId, State, TicketId
from worker.ledgers import places, schema
from worker.ledgers.superseding import Birth

FIRST, OTHER = schema.runs.alias("first"), schema.runs.alias("other")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """A source's hour, as it stands before anybody was taken in."""

    source: str
    limit: int
    now: float
    is_line: bool  # somebody stands in line: those who come stand behind


def hours(connection: Connection, arrivals: Iterable[Arrival]) -> Mapping[str, Hour]:
    """Of each source that has a limit. Its row is ours until the commit."""
    came = [one for one in arrivals if one.mode is not Mode.SHADOW and one.malformed is None]
    limits = places.limits(connection, {one.source for one in came})
    return {
        name: Hour(
            source=name,
            limit=limit,
            now=min(one.at for one in came if one.source == name),
            is_line=is_line(connection, name),
        )
        for name, limit in limits.items()
    }


def line_up(
    connection: Connection, births: Sequence[Birth], gone: Sequence[Run], hours: Mapping[str, Hour]
) -> list[Birth]:
    """The same, and those wait that find no place; `gone` are the runs that they supersede.

    A place of one for which nothing was done yet passes to whoever supersedes it.
    """
    late: set[RunId] = set()
    for name, hour in hours.items():
        came = [birth.run for birth in births if birth.run.source == name]
        left = [run for run in gone if run.source == name and is_untouched(run)]
        late |= _late(connection, hour, came, left) if came else set()
    return [birth.capped() if birth.run.id in late else birth for birth in births]


def _late(
    connection: Connection, hour: Hour, came: Sequence[Run], left: Sequence[Run]
) -> set[RunId]:
    """Who has to wait of those who came; the others take their places."""
    places.settle(connection, hour.source, hour.now)
    heirs = _heirs(connection, hour, left) if left else {}
    wanted = {run.ticket: run for run in came if run.state is State.QUEUED and _counts(run)}
    # Who supersedes somebody stands where that one stood.
    turns = dict.fromkeys(run.ticket for run in (*left, *came) if _counts(run))
    begin = [wanted.pop(ticket) for ticket in turns if ticket in heirs and ticket in wanted]
    if not hour.is_line:
        free = hour.limit - places.taken(connection, hour.source, hour.now) - len(begin)
        standing = [ticket for ticket in turns if ticket in wanted]
        begin += [wanted.pop(ticket) for ticket in standing[: max(0, free)]]
    places.take(connection, begin, heirs)
    return {run.id for run in wanted.values()}


def _heirs(connection: Connection, hour: Hour, left: Sequence[Run]) -> dict[TicketId, float]:
    """Tickets whose place passes on, each with the moment from which it was taken.

    One that was free again when the newest was taken may have been given to that one.
    """
    latest = max(hour.now, places.newest(connection, hour.source))
    freed = places.free(connection, [run.id for run in left])
    found = {run.ticket: freed.get(run.id, -inf) for run in left}
    return {ticket: at for ticket, at in found.items() if at > latest - places.HOUR}


def _counts(run: Run) -> bool:
    """Nobody waits for one that is there to be compared."""
    return run.mode is not Mode.SHADOW


def standing() -> ColumnElement[bool]:
    """It stands in its source's line."""
    runs = schema.runs
    return and_(runs.c.state == State.WAITING, runs.c.reason == WaitReason.CAPPED)


def is_line(connection: Connection, source: str) -> bool:
    """Whether somebody stands in it."""
    query = select(schema.runs.c.id).where(standing(), schema.runs.c.source == source).limit(1)
    return connection.execute(query).first() is not None


def turn() -> ColumnElement[str]:
    """By what a line is ordered: the id of the first of those whose place in it the run has.

    Ids sort by age. A customer who writes again while nothing was done for them stands where they
    stood; of most tickets there is one revision, and nothing is looked up.
    """
    runs = schema.runs
    begun = (
        select(func.coalesce(func.max(OTHER.c.revision), 0))
        .where(OTHER.c.ticket == runs.c.ticket, OTHER.c.revision < runs.c.revision)
        .where(not_(_was_untouched(OTHER)))
        .correlate(runs)
        .scalar_subquery()
    )
    behind = select(FIRST.c.id).where(
        FIRST.c.ticket == runs.c.ticket, FIRST.c.revision == begun + 1
    )
    return case((runs.c.revision == 1, runs.c.id), else_=behind.correlate(runs).scalar_subquery())


def _was_untouched(run: FromClause) -> ColumnElement[bool]:
    """As `is_untouched` was, of one that was superseded; or it was a message of no sense."""
    return and_(
        run.c.state == State.DROPPED,
        run.c.reason == DropCause.SUPERSEDED,
        run.c.micro_usd == 0,
        or_(run.c.stage == "enrich", run.c.stage == "intake"),
        run.c.mode.is_distinct_from(Mode.SHADOW),
    )
