"""Reviews in the ledger: who waits for a person, and what a person has decided."""

from collections.abc import Sequence

from sqlalchemy import Engine, ScalarSelect, func, select

from config.mode import Mode
from tasks.events import Kind
from tasks.ports.ledger import Change
from tasks.run import Run, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.labelling import Label, keep
from worker.ledgers.reading import RUN
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.rows import run_of


class LedgerReviewing:
    """The reviewing part of the ledger."""

    engine: Engine

    def decide(self, change: Change, labels: Sequence[Label]) -> bool:
        """The change and what was said by it, together; False where somebody was faster."""
        runs, before = schema.runs, change.before
        stands = (runs.c.id == before.id) & (runs.c.seq == before.seq)
        held = select(runs.c.id).where(stands, runs.c.fence == before.fence).with_for_update()
        with writing(self.engine) as connection:
            if connection.execute(held).first() is None:
                return False
            bulk.change(connection, [change])
            keep(connection, labels)
        return True

    def in_review(
        self, *, handed: bool, residence: Residence = ANYWHERE
    ) -> Sequence[tuple[Run, float]]:
        """Runs that wait for a person, each with since when (epoch seconds).

        What is due first comes first; what has no limit last, the oldest before the others.
        `handed`: those that people have by now, too. What a backfill has left is nobody's work.
        """
        runs, since = schema.runs, _since()
        query = select(*RUN, since).where(
            runs.c.state == State.IN_REVIEW,
            runs.c.mode.is_distinct_from(Mode.SHADOW),
            residence.where(),
        )
        if not handed:
            query = query.where(runs.c.handed_at.is_(None))
        order = (runs.c.due_at.is_(None), runs.c.due_at, since, runs.c.id)
        with reading(self.engine) as connection:
            found = connection.execute(query.order_by(*order))
            return [(run_of(row[:-1]), float(row[-1])) for row in found]

    def handed_reviews(self, residence: Residence = ANYWHERE) -> int:
        """How many people have in the helpdesk by now, and nobody has decided about here."""
        runs = schema.runs
        query = select(func.count()).where(
            runs.c.state == State.IN_REVIEW,
            runs.c.mode.is_distinct_from(Mode.SHADOW),
            runs.c.handed_at.is_not(None),
            residence.where(),
        )
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())


def _since() -> ScalarSelect[float]:
    """When a run came to wait for a person last. A hand-over moves the row's own moment."""
    runs, events = schema.runs, schema.events
    came = select(events.c.at).where(events.c.run == runs.c.id, events.c.kind == Kind.IN_REVIEW)
    return came.order_by(events.c.seq.desc()).limit(1).correlate(runs).scalar_subquery()
