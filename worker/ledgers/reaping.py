"""What the reaper needs: who lives, what is due, what nobody works on any more."""

from collections.abc import Sequence

from sqlalchemy import Engine, and_, insert, literal, or_, select, tuple_, update

from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation, Run, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import RUN
from worker.ledgers.rows import run_of


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

    def ended(self, incarnation: Incarnation, at: float) -> None:
        """A life is over: nothing that it holds will be moved by it any more."""
        workers = schema.workers
        with writing(self.engine) as connection:
            connection.execute(
                update(workers).where(workers.c.incarnation == incarnation).values(ended_at=at)
            )

    def orphans(self, limit: int) -> Sequence[Run]:
        """Running runs whose owner's life is over."""
        runs, workers = schema.runs, schema.workers
        dead = (
            select(*RUN)
            .outerjoin(workers, workers.c.incarnation == runs.c.owner)
            .where(
                runs.c.state == State.RUNNING,
                or_(workers.c.incarnation.is_(None), workers.c.ended_at.is_not(None)),
            )
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(dead)]

    def due(self, now: float, limit: int) -> Sequence[Run]:
        """Waiting runs whose time has come, longest due first."""
        runs = schema.runs
        query = (
            select(*RUN)
            .where(runs.c.state == State.WAITING, runs.c.due_at <= now)
            .order_by(runs.c.due_at)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def dead(self, limit: int) -> Sequence[Run]:
        """Dead letters, oldest run first."""
        runs = schema.runs
        query = select(*RUN).where(runs.c.state == State.DEAD).order_by(runs.c.id).limit(limit)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def queued(
        self, tier: str, sent_before: float, limit: int, *, after: Run | None = None
    ) -> Sequence[Run]:
        """Queued runs of a tier that were last sent before then, oldest first, behind `after`."""
        runs = schema.runs
        query = (
            select(*RUN)
            .where(
                and_(
                    runs.c.state == State.QUEUED,
                    runs.c.tier == tier,
                    runs.c.sent_at < sent_before,
                )
            )
            .order_by(runs.c.sent_at, runs.c.id)
            .limit(limit)
        )
        if after is not None:
            last = tuple_(literal(after.sent_at), literal(after.id))
            query = query.where(
                runs.c.sent_at >= after.sent_at,  # for the index
                tuple_(runs.c.sent_at, runs.c.id) > last,
            )
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


ROLE_COLUMNS = {"name": "text", "holder": "text", "fence": "int"}
