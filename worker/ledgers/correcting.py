"""What the ledger knows of tickets that people have changed, and their corrections of decisions."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Engine, func, select

from tasks.ports.ledger import Change
from tasks.run import Run, TicketId
from worker.ledgers import bulk, labelling, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.labelling import Label
from worker.ledgers.reading import RUNS
from worker.ledgers.rows import run_of


class LedgerCorrecting:
    """The part of the ledger that reads decisions back."""

    engine: Engine

    def newest_of(self, tickets: Collection[TicketId]) -> Mapping[TicketId, Run]:
        """The newest run of each of these tickets that there are."""
        runs = schema.runs
        newest = (
            select(runs.c.ticket, func.max(runs.c.revision).label("revision"))
            .where(runs.c.ticket.in_(sorted(tickets)))
            .group_by(runs.c.ticket)
            .subquery()
        )
        query = RUNS.join(
            newest, (runs.c.ticket == newest.c.ticket) & (runs.c.revision == newest.c.revision)
        )
        with reading(self.engine) as connection:
            found = [run_of(row) for row in connection.execute(query)]
        return {run.ticket: run for run in found}

    def correct(self, change: Change | None, labels: Sequence[Label]) -> bool:
        """Keeps labels, and with them what the change says of it; all of it or nothing.

        False where the run has moved since: then nothing is kept.
        """
        with writing(self.engine) as connection:
            if change and not _holds(connection, change.before):
                return False
            if change:
                bulk.change(connection, [change])
            labelling.keep(connection, labels)
        return True


def _holds(connection: Connection, run: Run) -> bool:
    """Whether it stands as it did; it is locked from then on."""
    runs = schema.runs
    query = select(runs.c.seq, runs.c.fence).where(runs.c.id == run.id).with_for_update()
    return connection.execute(query).first() == (run.seq, run.fence)
