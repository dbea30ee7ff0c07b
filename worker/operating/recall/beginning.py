"""Sends every ticket of a recall on its way; who carries it there does not matter."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.chronicle import recalling, sent_again
from tasks.ports.clock import Clock
from tasks.ports.ledger import Change
from worker.carrying.notebook import change_of
from worker.chance import token
from worker.ledgers.recalling import Batch
from worker.ledgers.sql import SqlLedger
from worker.operating.recall.choosing import Chosen, Intended, Ticket, batch_called
from worker.privacy.vault import Vault

COMMIT = 200
"""Tickets in one transaction."""

GRAIN = 0.002
"""Seconds that two names lie apart at least; they show milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """By whom, and why: people read it in the helpdesk."""

    ledger: SqlLedger
    vault: Vault
    clock: Clock
    by: str
    why: str

    def begin(self, chosen: Chosen, intended: Intended) -> Batch | None:
        """Durable when it returns; None where nothing is to be done.

        A recall that was begun with the same words and is not through goes on under its name.
        """
        tickets = [ticket for ticket in intended.tickets if ticket.taking.steps]
        batch = self._unfinished(chosen)
        if batch is None and tickets:
            batch = self._new(chosen)
        if batch is not None:
            changes = [self._sent(ticket, batch) for ticket in tickets]
            for start in range(0, len(changes), COMMIT):
                self.ledger.commit(changes[start : start + COMMIT])
        return batch

    def _unfinished(self, chosen: Chosen) -> Batch | None:
        words = chosen.as_words()
        same = (b for b in self.ledger.recalls() if not b.finished and b.chosen == words)
        return next(same, None)

    def _new(self, chosen: Chosen) -> Batch:
        # Names sort by age, whatever the clock says: the order of what was written hangs on it.
        last = max((batch.at for batch in self.ledger.recalls()), default=0.0)
        at = max(self.clock.now(), last + GRAIN)
        undo = chosen.batch is not None and not batch_called(self.ledger, chosen.batch).undo
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%d-%H%M%S%f")[:-3]
        batch = Batch(
            id=f"{moment}-{token()[:4]}",
            at=at,
            chosen=chosen.as_words(),
            by=self.by,
            why=self.why,
            undo=undo,
        )
        self.ledger.begin_recall(batch)
        return batch

    def _sent(self, ticket: Ticket, batch: Batch) -> Change:
        asked = recalling(
            ticket.run,
            batch=batch.id,
            by=batch.by,
            why=batch.why,
            keys=ticket.keys,
            undo=batch.undo,
        )
        entries = (asked, sent_again(ticket.run))
        return change_of(ticket.run, entries, None, vault=self.vault, clock=self.clock)
