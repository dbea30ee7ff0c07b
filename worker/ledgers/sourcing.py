"""What may be done with a source's tickets, and how many of them may begin in an hour."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, select, update

from config.mode import Mode
from tasks.birth import capped
from tasks.causes import WaitReason
from tasks.events import Event, Kind
from tasks.journey import advance
from tasks.ports.ledger import Change, Cursor, Source
from tasks.run import Run
from worker.ledgers import bulk, lining_up, places, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import RUNS
from worker.ledgers.reaping import has_limit, is_due
from worker.ledgers.rows import run_of

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
        """Keeps it in the place of what was said before. What has begun in the past hour counts."""
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
        """Runs that stood in their source's line and begin at `now`, in their turn: queued, unsent.

        They take their places and are queued in one transaction, so that nobody can begin besides.
        Where an operator has just said something, every worker hears of it first: else they would
        begin as it was before.
        """
        heard = [one for one in self.sources() if not 0 <= now - one.since < HEARD_SECONDS]
        with reading(self.engine) as connection:  # nearly always there is nobody to begin
            names = [one.name for one in heard if _may_begin(connection, one, now)]
        begun: list[Run] = []
        for name in names:
            with writing(self.engine) as connection:
                begun += _let_begin(connection, name, now, limit - len(begun))
        return begun

    def begin_out_of_turn(self, runs: Sequence[Run]) -> None:
        """An operator begins them, whether there is room or not; others wait for longer by that."""
        with writing(self.engine) as connection:
            limits = places.limits(connection, {run.source for run in runs})
            places.take(connection, [run for run in runs if run.source in limits])


def _may_begin(connection: Connection, source: Source, now: float) -> bool:
    """Whether one of its tickets may begin, or has to stand in line from now on."""
    if source.per_hour is not None:
        quiet = select(schema.runs.c.id).where(
            _should_stand(now), schema.runs.c.source == source.name
        )
        if connection.execute(quiet.limit(1)).first():
            return True
        if places.taken(connection, source.name, now) >= source.per_hour:
            return False
    return lining_up.is_line(connection, source.name)


def _let_begin(connection: Connection, source: str, now: float, most: int) -> list[Run]:
    limit = places.limits(connection, [source]).get(source)
    if limit is not None:
        quiet = _locked(connection, _should_stand(now) & (schema.runs.c.source == source))
        _move(connection, quiet, [capped(run, now) for run in quiet])
        places.settle(connection, source, now)
        most = min(most, limit - places.taken(connection, source, now))
    mine = _first_in_line(connection, source, most) if most > 0 else []
    begun = _move(connection, mine, [_sent(run, now) for run in mine])
    if limit is not None:
        places.take(connection, begun)
    return begun


def _first_in_line(connection: Connection, source: str, most: int) -> list[Run]:
    """In their turn; locked."""
    runs = schema.runs
    line = lining_up.standing() & (runs.c.source == source)
    ids = select(runs.c.id).where(line).order_by(lining_up.turn()).limit(most)
    turns = [name for (name,) in connection.execute(ids)]
    locked = {run.id: run for run in _locked(connection, line & runs.c.id.in_(turns))}
    return [locked[name] for name in turns if name in locked]


def _should_stand(now: float) -> ColumnElement[bool]:
    """Its ticket is quiet again, and its source has a limit: it may not just begin."""
    return is_due(now) & (schema.runs.c.reason == WaitReason.LOOP) & has_limit()


def _locked(connection: Connection, which: ColumnElement[bool]) -> list[Run]:
    """In the order of their ids, as whoever supersedes them locks them."""
    query = RUNS.where(which).order_by(schema.runs.c.id).with_for_update()
    return [run_of(row) for row in connection.execute(query)]


def _move(connection: Connection, runs: Sequence[Run], events: Sequence[Event]) -> list[Run]:
    """Each by its event; the runs are locked."""
    changes = [
        Change(before=run, after=advance(run, event), events=(event,))
        for run, event in zip(runs, events, strict=True)
    ]
    if changes:
        bulk.change(connection, changes)
    return [change.after for change in changes]


def _sent(run: Run, at: float) -> Event:
    body = {"send_n": run.send_n + 1}
    return Event(run=run.id, seq=run.seq + 1, at=at, kind=Kind.SENT, body=body)


def _row(source: Source) -> tuple[object, ...]:
    return tuple(getattr(source, name) for name in SOURCE_COLUMNS)


def _source(name: str, mode: str, per_hour: int | None, since: float, by: str, why: str) -> Source:
    return Source(name=name, mode=Mode(mode), per_hour=per_hour, since=since, by=by, why=why)
