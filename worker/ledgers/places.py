"""Places in a source's hour: one for each of its tickets that began within the past 60 minutes.

There is no edge at which a new hour begins: a place is free again an hour after it was taken, so
that in any 60 minutes no more begin than may. Places are marks, in the transaction in which their
runs begin: no crash and no restart loses one. Sources without a limit have none.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from tasks.run import Run, RunId, TicketId
from worker.ledgers import bulk, schema
from worker.ledgers.recalling import MARK_COLUMNS

HOUR = 3_600.0
PREFIX = "begun "
NOBODYS: Mapping[TicketId, float] = {}


def limits(connection: Connection, sources: Collection[str]) -> Mapping[str, int]:
    """Those of them that have a limit, and which. Their rows are ours until the commit.

    In one order for everybody, before any run is locked: no deadlock, and nobody else counts.
    """
    table = schema.sources
    limited = table.c.name.in_(list(sources)) & table.c.per_hour.is_not(None)
    query = select(table.c.name, table.c.per_hour).where(limited).order_by(table.c.name)
    return {name: int(limit) for name, limit in connection.execute(query.with_for_update())}


def taken(connection: Connection, source: str, now: float) -> int:
    """How many of its places are taken at `now` (epoch seconds).

    Those of the coming hour are: some process' clock is ahead, or this page was read a while ago.
    """
    at = schema.marks.c.at
    lasts = _of(source) & (at > now - HOUR) & (at <= now + HOUR)
    return int(connection.execute(select(func.count()).where(lasts)).scalar_one())


def newest(connection: Connection, source: str) -> float:
    """When the newest of its places was taken; epoch seconds, 0 where it has none."""
    found = connection.execute(select(func.max(schema.marks.c.at)).where(_of(source))).scalar_one()
    return float(found or 0.0)


def settle(connection: Connection, source: str, now: float) -> None:
    """Forgets its places of long ago; those by a clock that is far ahead are taken from now on.

    Else it would stop the source for as long as it was ahead.
    """
    marks = schema.marks
    ahead = _of(source) & (marks.c.at > now + HOUR)
    connection.execute(update(marks).where(ahead).values(at=now))
    connection.execute(delete(marks).where(_of(source), marks.c.at <= now - KEPT))


def take(
    connection: Connection, runs: Collection[Run], inherited: Mapping[TicketId, float] = NOBODYS
) -> None:
    """Each has a place from the moment in which it last changed: it begins then.

    But never from before the moment of the place that its ticket has inherited.
    """
    free(connection, [run.id for run in runs])
    rows = sorted(
        (f"{PREFIX}{run.id}", max(run.changed_at, inherited.get(run.ticket, 0.0)), run.source)
        for run in runs
    )
    bulk.add_new(connection, "marks", MARK_COLUMNS, rows)


def free(connection: Connection, runs: Iterable[RunId]) -> Mapping[RunId, float]:
    """Their places, each with the moment from which it was taken, which nobody has any more."""
    marks = schema.marks
    names = [f"{PREFIX}{run}" for run in runs]
    if not names:
        return {}
    gone = delete(marks).where(marks.c.name.in_(names)).returning(marks.c.name, marks.c.at)
    return {RunId(name.removeprefix(PREFIX)): at for name, at in connection.execute(gone)}


def _of(source: str) -> ColumnElement[bool]:
    marks = schema.marks
    return and_(marks.c.name.startswith(PREFIX), marks.c.value == source)


KEPT = 2 * HOUR
"""For as long a place is known: an intake counts as of the moment at which its page was read."""
