"""What the ledger is asked: for people, for takeover, never on the hot path."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Engine, Select, exists, func, or_, select

from tasks.errands.taking_back import place
from tasks.events import Event, Kind
from tasks.ports.ledger import Books, Claimed, Filter, Intent, Sealed, SealedKey, WorkerRow, Wrote
from tasks.run import Incarnation, Outcome, Run, RunId, State
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.rows import (
    BODY_COLUMNS,
    EVENT_COLUMNS,
    RUN_COLUMNS,
    WRITE_COLUMNS,
    event_of,
    run_of,
    sound,
)

RUN = tuple(schema.runs.c[name] for name in RUN_COLUMNS)
EVENT = tuple(schema.events.c[name] for name in EVENT_COLUMNS)
BODY = tuple(schema.bodies.c[name] for name in BODY_COLUMNS)
WRITE = tuple(schema.writes.c[name] for name in WRITE_COLUMNS)
RUNS, WRITES = select(*RUN), select(*WRITE)
"""Whole rows. Made once: each column is looked at when a query is made, and there are many."""

PAGE = 1_000
RESTORED = "restored"
"""The mark of a ledger that was put back: the helpdesk may know more than it."""


ROUTED = (Outcome.APPLIED, Outcome.PARTLY, Outcome.SUGGESTED)
LOOKED_AT = 8
"""Runs for each ticket that is wanted: a thread has several, and not all were written."""


class LedgerReading:
    """The reading half of the ledger."""

    engine: Engine

    def run(self, run: RunId) -> Run | None:
        """The status row of that run."""
        with reading(self.engine) as connection:
            row = connection.execute(RUNS.where(schema.runs.c.id == run)).first()
        return run_of(row) if row else None

    def held(self, run: Run) -> Claimed | None:
        """That run with what whoever works on it needs; None where it has moved since."""
        if self.run(run.id) != run:
            return None
        sealed = self.bodies(run.id, ["ticket"])
        key = self.key(run.requester)
        return Claimed(run=run, key=key, ticket=sealed[0] if sealed else None)

    def named(self, name: str) -> Sequence[Run]:
        """Runs with that run id or external id, newest revision first."""
        runs, tickets = schema.runs, schema.tickets
        named = select(tickets.c.id).where(tickets.c.external_id == sound(name))
        wanted = RUNS.where(or_(runs.c.id == sound(name), runs.c.ticket.in_(named)))
        return list(self._runs(wanted.order_by(runs.c.source, runs.c.revision.desc())))

    def routed_before(self, run: Run, most: int) -> Sequence[Run]:
        """Of the requester's other tickets the newest that were written, newest first.

        Whose text has expired or was forgotten is not among them; of somebody who writes all the
        time eight times as many as are wanted are looked at.
        """
        bodies, runs = schema.bodies, schema.runs
        lately = (
            RUNS.where(runs.c.requester == run.requester, runs.c.id < run.id)
            .order_by(runs.c.id.desc())
            .limit(most * LOOKED_AT)
            .subquery("lately")
        )
        query = (
            select(*(lately.c[name] for name in RUN_COLUMNS))
            .where(
                lately.c.ticket != run.ticket,
                lately.c.state == State.WRITTEN,
                lately.c.outcome.in_(ROUTED),
                exists().where(bodies.c.run == lately.c.id, bodies.c.name == "ticket"),
            )
            .order_by(lately.c.id.desc())
        )
        found: dict[str, Run] = {}
        for one in self._runs(query):
            found.setdefault(one.ticket, one)
        return [*found.values()][:most]

    def runs(self, wanted: Filter) -> Iterator[Run]:
        """Runs that the filter means, oldest first unless it says otherwise."""
        runs = schema.runs
        query = RUNS.order_by(runs.c.id.desc() if wanted.newest_first else runs.c.id)
        equal = {
            runs.c.queue: wanted.queue,
            runs.c.tier: wanted.tier,
            runs.c.requester: wanted.requester,
            runs.c.prompt: wanted.prompt,
            runs.c.model: wanted.model,
            runs.c.reason: wanted.reason,
            runs.c.stage: wanted.stage,
            runs.c.source: wanted.source,
            runs.c.mode: wanted.mode,
        }
        for column, value in equal.items():
            if value is not None:
                query = query.where(column == value)
        if wanted.states:
            query = query.where(runs.c.state.in_([str(state) for state in wanted.states]))
        if wanted.since is not None:
            query = query.where(runs.c.ingested_at >= wanted.since)
        if wanted.until is not None:
            query = query.where(runs.c.changed_at <= wanted.until)
        return self._runs(query.limit(wanted.limit) if wanted.limit else query)

    def _runs(self, query: Select[tuple[object, ...]]) -> Iterator[Run]:
        with reading(self.engine) as connection:
            for row in connection.execute(query).yield_per(PAGE):
                yield run_of(row)

    def events(self, run: RunId) -> Sequence[Event]:
        """All events of that run, in order."""
        query = select(*EVENT).where(schema.events.c.run == run).order_by(schema.events.c.seq)
        with reading(self.engine) as connection:
            return [event_of(row) for row in connection.execute(query)]

    def all_events(self) -> Iterator[Event]:
        """Every event there is, run by run, in order."""
        query = select(*EVENT).order_by(schema.events.c.run, schema.events.c.seq)
        with reading(self.engine) as connection:
            for row in connection.execute(query).yield_per(PAGE):
                yield event_of(row)

    def bodies(self, run: RunId, names: Iterable[str] | None = None) -> Sequence[Sealed]:
        """Sealed texts of that run; all of them where no names are given."""
        bodies = schema.bodies
        query = select(*BODY).where(bodies.c.run == run)
        if names is not None:
            query = query.where(bodies.c.name.in_(list(names)))
        with reading(self.engine) as connection:
            return [
                Sealed(**dict(zip(BODY_COLUMNS, row, strict=True)))
                for row in connection.execute(query.order_by(bodies.c.name))
            ]

    def key(self, requester: str) -> SealedKey | None:
        """The requester's sealed key; None where it never was or was forgotten."""
        keys = schema.keys
        with reading(self.engine) as connection:
            row = connection.execute(
                select(keys.c.cipher).where(keys.c.requester == requester)
            ).first()
        return SealedKey(requester=requester, cipher=row[0]) if row else None

    def some_key(self) -> SealedKey | None:
        """Any requester's sealed key; None while there is none."""
        keys = schema.keys
        with reading(self.engine) as connection:
            row = connection.execute(select(keys.c.requester, keys.c.cipher).limit(1)).first()
        return SealedKey(requester=row[0], cipher=row[1]) if row else None

    def writes(self, run: RunId) -> Sequence[Intent]:
        """Everything that was, or was to be, written for that run."""
        writes = schema.writes
        query = WRITES.where(writes.c.run == run).order_by(writes.c.key)
        with reading(self.engine) as connection:
            return [
                Intent(**dict(zip(WRITE_COLUMNS, row, strict=True)))
                for row in connection.execute(query)
            ]

    def earlier_writes(self, run: Run) -> Sequence[Intent]:
        """What older revisions of its ticket wrote, or meant to, in the order of that."""
        runs, writes = schema.runs, schema.writes
        older = (runs.c.ticket == run.ticket) & (runs.c.revision < run.revision)
        query = select(runs.c.revision, *WRITE).join(runs, runs.c.id == writes.c.run)
        with reading(self.engine) as connection:
            found = [
                Wrote(
                    revision=revision, intent=Intent(**dict(zip(WRITE_COLUMNS, row, strict=True)))
                )
                for revision, *row in connection.execute(query.where(older))
            ]
        return [one.intent for one in sorted(found, key=place)]

    def books(self) -> Books:
        """`ingested` from the events, the states from the status rows, in one snapshot."""
        events, runs = schema.events, schema.runs
        ingested = select(func.count()).where(events.c.kind == str(Kind.INGESTED))
        states = select(runs.c.state, func.count()).group_by(runs.c.state)
        with reading(self.engine) as connection:
            total = connection.execute(ingested).scalar_one()
            counted = {State(state): n for state, n in connection.execute(states)}
        return Books(ingested=total, states={state: counted.get(state, 0) for state in State})

    def cursor(self, source: str) -> str | None:
        """How far that source was read; None where it never was."""
        cursors = schema.cursors
        with reading(self.engine) as connection:
            return connection.execute(
                select(cursors.c.position).where(cursors.c.source == source)
            ).scalar_one_or_none()

    def restored_at(self) -> float | None:
        """When this ledger was last put back from a backup; None: never."""
        marks = schema.marks
        query = select(func.max(marks.c.at)).where(marks.c.name == RESTORED)
        with reading(self.engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def workers(self) -> Sequence[WorkerRow]:
        """Every life of a worker process that has not ended in good order."""
        workers = schema.workers
        query = select(
            workers.c.incarnation,
            workers.c.host,
            workers.c.pid,
            workers.c.version,
            workers.c.tiers,
            workers.c.beat,
            workers.c.started_at,
            workers.c.beat_at,
        ).where(workers.c.ended_at.is_(None))
        with reading(self.engine) as connection:
            return [
                WorkerRow(
                    incarnation=Incarnation(incarnation),
                    host=host,
                    pid=pid,
                    version=version,
                    tiers=tuple(tiers.split(",")) if tiers else (),
                    beat=beat,
                    started_at=started,
                    beat_at=beaten,
                )
                for incarnation, host, pid, version, tiers, beat, started, beaten in (
                    connection.execute(query)
                )
            ]
