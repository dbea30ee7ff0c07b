"""What may be done with a source's tickets, and how many of them may begin in an hour."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Engine, select, update

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.ports.ledger import Cursor, Source
from tasks.run import Run, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import RUN
from worker.ledgers.rows import run_of

HOUR = 3_600.0
HEARD_SECONDS = 3.0
"""After which every worker that lives has heard what an operator has said: it asks each second."""

CURSOR_COLUMNS = {"source": "text", "position": "text", "polled_at": "float8"}
SOURCE_COLUMNS = {
    "name": "text",
    "mode": "text",
    "per_hour": "int",
    "since": "float8",
    "by": "text",
    "why": "text",
}


class LedgerSourcing:
    """The part of the ledger that knows how far a source is trusted."""

    engine: Engine

    def begin_source(self, source: Source, cursor: Cursor | None = None) -> bool:
        """Keeps it, where nobody has said anything about that source yet; whether so.

        `cursor`: where it begins, kept with it unless it has begun.
        """
        with writing(self.engine) as connection:
            if cursor is not None:
                row = (cursor.source, cursor.position, cursor.polled_at)
                bulk.add_new(connection, "cursors", CURSOR_COLUMNS, [row])
            return bool(bulk.add_new(connection, "sources", SOURCE_COLUMNS, [_row(source)]))

    def set_source(self, source: Source) -> None:
        """Keeps it in the place of what was said before. What has begun in this hour stays."""
        sources = schema.sources
        with writing(self.engine) as connection:
            if bulk.add_new(connection, "sources", SOURCE_COLUMNS, [_row(source)]):
                return
            values = dict(zip(SOURCE_COLUMNS, _row(source), strict=True))
            connection.execute(
                update(sources).where(sources.c.name == source.name).values(**values)
            )

    def sources(self) -> Sequence[Source]:
        """Every source that somebody has said something about, by name."""
        sources = schema.sources
        query = select(*(sources.c[name] for name in SOURCE_COLUMNS)).order_by(sources.c.name)
        with reading(self.engine) as connection:
            return [_source(*row) for row in connection.execute(query)]

    def let_begin(self, now: float, limit: int) -> Sequence[Run]:
        """Runs that waited for their source's hour and have room now, oldest first.

        They are counted as begun before anybody begins them: a crash in between costs their
        source some of its hour, never more than its hour. Where an operator has just said
        something, every worker hears of it first: else they would begin as it was before.
        """
        runs = schema.runs
        waiting = (runs.c.state == State.WAITING) & (runs.c.reason == WaitReason.CAPPED)
        with reading(self.engine) as connection:
            names = list(connection.execute(select(runs.c.source).where(waiting).distinct()))
        found: list[Run] = []
        heard = {one.name for one in self.sources() if not 0 <= now - one.since < HEARD_SECONDS}
        for name in (name for (name,) in names if name in heard):
            with writing(self.engine) as connection:
                room = limit - len(found)
                left = room_of(connection, name, now)
                query = select(*RUN).where(waiting, runs.c.source == name).order_by(runs.c.id)
                query = query.limit(room if left is None else min(room, left))
                some = [run_of(row) for row in connection.execute(query)]
                if left is not None:
                    count_begun(connection, name, len(some))
            found += some
        return found


def room_of(connection: Connection, source: str, now: float) -> int | None:
    """How many of its tickets may begin in this hour still; None: as many as come.

    Its row is ours until the commit, and its hour begins anew where it is over: hours follow each
    other, so that around the end of one twice as many may begin.
    """
    sources = schema.sources
    mine = sources.c.name == source
    columns = (sources.c.per_hour, sources.c.hour_at, sources.c.begun)
    row = connection.execute(select(*columns).where(mine).with_for_update()).first()
    if row is None or row.per_hour is None:
        return None
    begun = row.begun
    if row.hour_at is None or row.hour_at <= now - HOUR:
        begun = 0
        connection.execute(update(sources).where(mine).values(hour_at=now, begun=begun))
    elif row.hour_at > now:  # by a clock that is ahead: it must not stop a source for as long
        connection.execute(update(sources).where(mine).values(hour_at=now))
    return max(0, int(row.per_hour) - int(begun))


def count_begun(connection: Connection, source: str, count: int) -> None:
    """So many more have begun."""
    sources = schema.sources
    if count:
        counted = update(sources).where(sources.c.name == source)
        connection.execute(counted.values(begun=sources.c.begun + count))


def capped(connection: Connection, sources: Collection[str]) -> list[str]:
    """Those of them that have a limit, in one order for everybody."""
    table = schema.sources
    query = select(table.c.name).where(table.c.name.in_(list(sources)))
    limited = query.where(table.c.per_hour.is_not(None)).order_by(table.c.name)
    return [name for (name,) in connection.execute(limited)]


def is_anybody_waiting(connection: Connection, source: str) -> bool:
    """Whether one of its tickets waits for its hour: those that come stand behind it."""
    runs = schema.runs
    waits = (runs.c.state == State.WAITING) & (runs.c.reason == WaitReason.CAPPED)
    query = select(runs.c.id).where(waits, runs.c.source == source).limit(1)
    return connection.execute(query).first() is not None


def _row(source: Source) -> tuple[object, ...]:
    return tuple(getattr(source, name) for name in SOURCE_COLUMNS)


def _source(name: str, mode: str, per_hour: int | None, since: float, by: str, why: str) -> Source:
    return Source(name=name, mode=Mode(mode), per_hour=per_hour, since=since, by=by, why=why)
