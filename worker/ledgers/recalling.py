"""What taking back needs to know, and to keep: what was written to tickets, and past recalls."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine, select, update

from tasks.events import Event, Kind
from tasks.ports.ledger import Intent, Wrote
from tasks.run import RunId, TicketId
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.reading import EVENT, WRITE
from worker.ledgers.rows import WRITE_COLUMNS, event_of

MANY = 500
CLOCKS = 86_400.0  # seconds that nobody's clock is wrong by
MARK_COLUMNS = {"name": "text", "at": "float8", "value": "text"}
PREFIX = "recall "


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """One recall: what was meant by it, who asked for it, why, and whether it is through."""

    id: str
    at: float
    chosen: Mapping[str, str]  # which option -> its value
    by: str
    why: str
    undo: bool = False  # it takes back a recall
    finished: bool = False


class LedgerRecalling:
    """The recalling part of the ledger."""

    engine: Engine

    def written_to(self, tickets: Collection[TicketId]) -> Mapping[TicketId, Sequence[Wrote]]:
        """Everything that was, or was to be, written to each of these tickets, in no order."""
        runs, writes = schema.runs, schema.writes
        query = select(runs.c.ticket, runs.c.revision, *WRITE).join(runs, runs.c.id == writes.c.run)
        found: dict[TicketId, list[Wrote]] = {ticket: [] for ticket in tickets}
        with reading(self.engine) as connection:
            for some in _chunks(sorted(tickets)):
                for ticket, revision, *row in connection.execute(
                    query.where(runs.c.ticket.in_(some))
                ):
                    intent = Intent(**dict(zip(WRITE_COLUMNS, row, strict=True)))
                    found[ticket].append(Wrote(revision=revision, intent=intent))
        return found

    def intended_since(self, at: float) -> set[RunId]:
        """Runs for which something was to be written at that moment or later."""
        events = schema.events
        query = (
            select(events.c.run)
            .distinct()
            .where(events.c.kind == str(Kind.INTENDED), events.c.at >= at)
        )
        with reading(self.engine) as connection:
            return {RunId(run) for (run,) in connection.execute(query)}

    def recalls(self) -> Sequence[Batch]:
        """Every recall there was, oldest first."""
        marks = schema.marks
        query = select(marks.c.at, marks.c.value).where(marks.c.name.startswith(PREFIX))
        with reading(self.engine) as connection:
            found = list(connection.execute(query.order_by(marks.c.name)))
        return [Batch(at=at, **json.loads(value)) for at, value in found]

    def begin_recall(self, batch: Batch) -> None:
        """Keeps it, as one that is not through."""
        kept: dict[str, Any] = asdict(batch)
        kept.pop("at")
        row = (f"{PREFIX}{batch.id}", batch.at, json.dumps(kept))
        with writing(self.engine) as connection:
            bulk.add_new(connection, "marks", MARK_COLUMNS, [row])

    def end_recall(self, batch: Batch) -> None:
        """It is through."""
        kept: dict[str, Any] = asdict(replace(batch, finished=True))
        kept.pop("at")
        marks = schema.marks
        with writing(self.engine) as connection:
            connection.execute(
                update(marks)
                .where(marks.c.name == f"{PREFIX}{batch.id}")
                .values(value=json.dumps(kept))
            )

    def recall_events(self, batch: Batch) -> Sequence[Event]:
        """That runs were to be taken back by it, and what came of that, oldest first."""
        events = schema.events
        kinds = [str(Kind.RECALLING), str(Kind.RECALLED)]
        query = select(*EVENT).where(events.c.kind.in_(kinds), events.c.at >= batch.at - CLOCKS)
        with reading(self.engine) as connection:
            found = [event_of(row) for row in connection.execute(query.order_by(events.c.at))]
        return [event for event in found if event.body["batch"] == batch.id]


def _chunks(tickets: Sequence[TicketId]) -> Sequence[Sequence[TicketId]]:
    return [tickets[start : start + MANY] for start in range(0, len(tickets), MANY)]
