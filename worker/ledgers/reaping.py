"""What the reaper needs: who lives, what is due, what nobody works on any more."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    exists,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from tasks.causes import WaitReason
from tasks.events import Event, Kind
from tasks.journey import advance
from tasks.ports.ledger import Change, Intent, WorkerRow
from tasks.run import Incarnation, Run, RunId, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import RUNS, WRITES
from worker.ledgers.rows import WRITE_COLUMNS, run_of

OLDER = schema.runs.alias("older")  # made once: to make it takes longer than most queries


class LedgerReaping:
    """The upkeep half of the ledger."""

    engine: Engine

    def born(self, worker: WorkerRow) -> None:
        """A worker process has warmed up."""
        row = {
            "incarnation": worker.incarnation,
            "host": worker.host,
            "pid": worker.pid,
            "version": worker.version,
            "tiers": ",".join(worker.tiers),
            "beat": worker.beat,
            "started_at": worker.started_at,
            "beat_at": worker.beat_at,
        }
        with writing(self.engine) as connection:
            connection.execute(insert(schema.workers).values(**row))

    def beat(self, incarnation: Incarnation, at: float) -> bool:
        """Raises the counter; False when this life was declared over by somebody else."""
        workers = schema.workers
        with writing(self.engine) as connection:
            beaten = connection.execute(
                update(workers)
                .where(workers.c.incarnation == incarnation, workers.c.ended_at.is_(None))
                .values(beat=workers.c.beat + 1, beat_at=at)
            )
        return beaten.rowcount == 1

    def lives(self, incarnation: Incarnation) -> bool:
        """Whether that life goes on, as far as the ledger knows."""
        workers = schema.workers
        mine = (workers.c.incarnation == incarnation) & workers.c.ended_at.is_(None)
        with reading(self.engine) as connection:
            return connection.execute(select(workers.c.pid).where(mine)).first() is not None

    def bury(self, incarnation: Incarnation, at: float) -> Sequence[Run]:
        """A life is over that did not end in good order; its runs, queued again and to be sent.

        One transaction: whatever that process still tries, the ledger refuses.
        """
        runs = schema.runs
        held = RUNS.where(runs.c.state == State.RUNNING, runs.c.owner == incarnation)
        with writing(self.engine) as connection:
            _end(connection, incarnation, at)
            found = connection.execute(held.order_by(runs.c.id).with_for_update())
            changes = [taken_over(run_of(row), at) for row in found]
            bulk.change(connection, changes)
        return [change.after for change in changes]

    def ended(self, incarnation: Incarnation, at: float) -> None:
        """A life is over: nothing that it holds will be moved by it any more."""
        with writing(self.engine) as connection:
            _end(connection, incarnation, at)

    def orphans(self, limit: int) -> Sequence[Run]:
        """Running runs whose owner's life is over."""
        runs, workers = schema.runs, schema.workers
        dead = (
            RUNS.outerjoin(workers, workers.c.incarnation == runs.c.owner)
            .where(
                runs.c.state == State.RUNNING,
                or_(workers.c.incarnation.is_(None), workers.c.ended_at.is_not(None)),
            )
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(dead)]

    def sweep_from(self, run: RunId, at: float) -> None:
        """The notes of that run are to be looked for in the helpdesk, from then on."""
        writes = schema.writes
        notes = (writes.c.run == run) & writes.c.target.like("note:%")
        with writing(self.engine) as connection:
            connection.execute(update(writes).where(notes).values(sweep_at=at))

    def to_sweep(self, now: float, limit: int) -> Sequence[Intent]:
        """Notes whose time to be looked for has come; those that nobody confirmed yet wait.

        Among them are those that only a wrong clock can have put off for so long.
        """
        writes = schema.writes
        due = or_(writes.c.sweep_at <= now, writes.c.sweep_at > now + LONG)
        query = (
            WRITES.where(due, writes.c.outcome.is_not(None))
            .order_by(writes.c.sweep_at)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            found = connection.execute(query)
            return [Intent(**dict(zip(WRITE_COLUMNS, row, strict=True))) for row in found]

    def swept(self, key: str, again_at: float | None) -> None:
        """That note was looked for; again then, or never."""
        writes = schema.writes
        with writing(self.engine) as connection:
            connection.execute(update(writes).where(writes.c.key == key).values(sweep_at=again_at))

    def due(self, now: float, limit: int) -> Sequence[Run]:
        """Waiting runs whose time has come, longest due first."""
        runs = schema.runs
        # Whose ticket is quiet again stands in line where there is one: `let_begin`.
        lined_up = (runs.c.reason == WaitReason.LOOP) & has_limit()
        query = RUNS.where(is_due(now), ~lined_up).order_by(runs.c.due_at).limit(limit)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def waited_for(self) -> Sequence[str]:
        """Guards that runs wait for, one crowd by one: `openai`, `anthropic credential:KEY`."""
        runs = schema.runs
        waits = (runs.c.state == State.WAITING) & runs.c.waits_for.is_not(None)
        query = select(runs.c.waits_for).where(waits).distinct().order_by(runs.c.waits_for)
        with reading(self.engine) as connection:
            return [crowd for (crowd,) in connection.execute(query)]

    def held_back(self, crowd: str, limit: int, *, rested: bool = False) -> Sequence[Run]:
        """Runs that wait for these guards, oldest first; `rested`: who has waited longest."""
        runs = schema.runs
        order = (runs.c.changed_at, runs.c.id) if rested else (runs.c.id,)
        query = (
            RUNS.where(runs.c.state == State.WAITING, runs.c.waits_for == crowd)
            .order_by(*order)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def dead(self, limit: int) -> Sequence[Run]:
        """Dead letters, oldest run first."""
        runs = schema.runs
        query = RUNS.where(runs.c.state == State.DEAD).order_by(runs.c.id).limit(limit)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def queued(
        self, tier: str, sent_before: float, limit: int, *, after: Run | None = None
    ) -> Sequence[Run]:
        """Queued runs of a tier that were last sent before then, oldest first, behind `after`."""
        runs = schema.runs
        query = (
            RUNS.where(
                and_(
                    runs.c.state == State.QUEUED,
                    runs.c.tier == tier,
                    runs.c.sent_at < sent_before,
                )
            )
            .order_by(runs.c.sent_at, runs.c.id)
            .limit(limit)
        )
        query = query.where(  # one behind an older revision is sent when that one has ended
            or_(
                runs.c.revision == 1,
                ~exists().where(
                    OLDER.c.ticket == runs.c.ticket,
                    OLDER.c.revision < runs.c.revision,
                    OLDER.c.state.in_([State.QUEUED, State.RUNNING, State.WAITING]),
                ),
            )
        )
        if after is not None:
            last = tuple_(literal(after.sent_at), literal(after.id))
            query = query.where(tuple_(runs.c.sent_at, runs.c.id) > last)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def holder(self, role: str) -> tuple[Incarnation, int] | None:
        """Who has that role, and its fencing number."""
        roles = schema.roles
        with reading(self.engine) as connection:
            row = connection.execute(
                select(roles.c.holder, roles.c.fence).where(roles.c.name == role)
            ).first()
        return (Incarnation(row[0]), row[1]) if row else None

    def take_role(self, role: str, taker: Incarnation, fence: int) -> bool:
        """Takes the role while its fencing number still is `fence` (0: nobody ever had it)."""
        roles = schema.roles
        with writing(self.engine) as connection:
            if fence == 0:
                first = [(role, taker, 1)]
                return bool(bulk.add_new(connection, "roles", ROLE_COLUMNS, first))
            taken = connection.execute(
                update(roles)
                .where(roles.c.name == role, roles.c.fence == fence)
                .values(holder=taker, fence=fence + 1)
            )
        return taken.rowcount == 1


def _end(connection: Connection, incarnation: Incarnation, at: float) -> None:
    workers = schema.workers
    connection.execute(
        update(workers)
        .where(workers.c.incarnation == incarnation, workers.c.ended_at.is_(None))
        .values(ended_at=at)
    )


def taken_over(run: Run, at: float) -> Change:
    """The run queued again, since whoever had it is dead: under suspicion, as all that it had."""
    told = (Kind.LAPSED, {"owner": run.owner}), (Kind.SENT, {"send_n": run.send_n + 1})
    after, events = run, []
    for kind, body in told:
        event = Event(run=run.id, seq=after.seq + 1, at=at, kind=kind, body=body)
        after = advance(after, event)
        events.append(event)
    return Change(before=run, after=after, events=tuple(events))


def is_due(now: float) -> ColumnElement[bool]:
    """It waits, and its time has come.

    One that was stamped in what is still the future has waited by a wrong clock, and has come.
    """
    runs = schema.runs
    is_ahead = (runs.c.due_at > now + LONG) & (runs.c.changed_at > now + CLOCKS_DIFFER)
    return and_(runs.c.state == State.WAITING, or_(runs.c.due_at <= now, is_ahead))


def has_limit() -> ColumnElement[bool]:
    """Its source has one, of runs that may begin in an hour."""
    sources = schema.sources
    return schema.runs.c.source.in_(select(sources.c.name).where(sources.c.per_hour.is_not(None)))


LONG = 1_800.0
CLOCKS_DIFFER = 60.0
"""Seconds beyond which a wait, and a stamp in the future, are taken for a wrong clock's."""

ROLE_COLUMNS = {"name": "text", "holder": "text", "fence": "int"}
