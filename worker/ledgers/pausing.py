"""Pauses: what the fleet leaves alone until somebody lifts them. They outlive the broker."""

from collections.abc import Collection, Sequence

from sqlalchemy import Engine, delete, not_, or_, select

from tasks.causes import WaitReason
from tasks.ports.ledger import Pause
from tasks.run import Run, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import RUNS
from worker.ledgers.rows import run_of

EVERYTHING = "all"
PAUSE_COLUMNS = {"scope": "text", "since": "float8", "by": "text", "why": "text"}


class LedgerPausing:
    """The pausing part of the ledger."""

    engine: Engine

    def pause(self, pause: Pause) -> bool:
        """Whether it was not paused already."""
        row = (pause.scope, pause.since, pause.by, pause.why)
        with writing(self.engine) as connection:
            return bool(bulk.add_new(connection, "pauses", PAUSE_COLUMNS, [row]))

    def resume(self, scope: str) -> bool:
        """Whether it was paused. What waits for it goes on within seconds."""
        pauses = schema.pauses
        with writing(self.engine) as connection:
            gone = connection.execute(delete(pauses).where(pauses.c.scope == scope))
        return gone.rowcount == 1

    def pauses(self) -> Sequence[Pause]:
        """All there are, by scope."""
        pauses = schema.pauses
        columns = (pauses.c.scope, pauses.c.since, pauses.c.by, pauses.c.why)
        with reading(self.engine) as connection:
            found = connection.execute(select(*columns).order_by(pauses.c.scope))
            return [Pause(scope=s, since=at, by=by, why=why) for s, at, by, why in found]

    def resumed(self, scopes: Collection[str], limit: int) -> Sequence[Run]:
        """Runs that wait for a pause, and neither their tier's nor their stage's is in `scopes`."""
        if EVERYTHING in scopes:
            return []
        runs = schema.runs
        held = or_(runs.c.tier.in_(scopes), runs.c.stage.in_(scopes))
        query = RUNS.where(
            runs.c.state == State.WAITING, runs.c.reason == WaitReason.PAUSED, not_(held)
        )
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query.limit(limit))]
