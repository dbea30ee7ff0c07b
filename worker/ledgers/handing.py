"""Runs that people are to be told of: nobody decided about them, or they wait for too long."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Engine, exists, func, or_, text

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.run import ERRANDS, Run, State
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.reading import RUNS
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.rows import run_of
from worker.ledgers.schema import UNHANDED

HELD = (WaitReason.PAUSED, WaitReason.SETTLE, WaitReason.CAPPED)
"""An operator has paused it, it waits for the helpdesk to settle, or for its source's hour."""


def _was_capped() -> ColumnElement[bool]:
    """It is the second thing that happens to a run; the third, of one whose ticket was a loop."""
    events = schema.events
    second = (events.c.run == schema.runs.c.id) & events.c.seq.in_([2, 3])
    capped = events.c.body.contains(f'"{WaitReason.CAPPED}"')
    return exists().where(second, events.c.kind == Kind.WAITING, capped)


class LedgerHanding:
    """The handing-over part of the ledger."""

    engine: Engine

    def unhanded(self, now: float, limit: int, residence: Residence = ANYWHERE) -> Sequence[Run]:
        """Dead letters of the journey, and runs in review, that people were not given yet.

        But for those that have broken a worker, and would again, and for reviews whose time to be
        decided about is not over.
        """
        is_over = or_(schema.runs.c.due_at.is_(None), schema.runs.c.due_at <= now)
        query = RUNS.where(text(UNHANDED), is_over, residence.where())
        query = query.order_by(schema.runs.c.id).limit(limit)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def overdue(
        self, older: Mapping[str, str], limit: int, residence: Residence = ANYWHERE
    ) -> Sequence[Run]:
        """Runs that wait, and are older than the id of their customer tier's; oldest first.

        Ids sort by age, and stand in the index by which what is queued is found. What is HELD is
        left out, and so is what nobody waits for: a run that is there to be compared. Who had to
        wait for their source's hour is old by that alone, and people have had it all the time.
        """
        runs = schema.runs
        tier = func.coalesce(runs.c.customer_tier, "basic")
        late = or_(*((tier == name) & (runs.c.id < bound) for name, bound in older.items()))
        query = (
            RUNS.where(
                runs.c.state.in_([State.QUEUED, State.WAITING]),
                runs.c.id < max(older.values()),
                runs.c.handed_at.is_(None),
                runs.c.stage.not_in(ERRANDS),
                func.coalesce(runs.c.reason, "").not_in(HELD),
                runs.c.mode.is_distinct_from(Mode.SHADOW),
                late,
                ~_was_capped(),
                residence.where(),
            )
            .order_by(runs.c.id)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]
