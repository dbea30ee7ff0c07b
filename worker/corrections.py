"""Reads back what people have set in the helpdesk after us: their corrections of decisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.chronicle import Entry
from tasks.corrections import Correction, Held, corrections, stands
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.inbox import Choice, Standing
from tasks.ports.ledger import Wrote
from tasks.run import Run
from worker.carrying.notebook import change_of
from worker.ledgers.ingesting import ticket_id
from worker.ledgers.labelling import How, Label
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Unreadable, Vault
from worker.telemetry.log import Log

HELD = "held"
"""Under which is kept what a ticket's fields held, of helpdesks that tell nobody who set them."""

TRIES = 3
"""The run may be moved by somebody else while it is looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrections:
    """Keeps each correction once, however often and by however many its ticket is read."""

    ledger: SqlLedger
    vault: Vault
    clock: Clock
    log: Log

    def read(self, standings: Sequence[Standing]) -> int:
        """How many were new. Asks the ledger for nothing where nobody has chosen anything.

        Raises LedgerDown: then their page is read again.
        """
        chosen = {ticket_id(one.source, one.ticket): one for one in standings if one.choices}
        if not chosen:
            return 0
        newest = self.ledger.newest_of(chosen)
        standing = {ticket: run for ticket, run in newest.items() if stands(run)}
        wrote = self.ledger.written_to(standing)
        return sum(
            self._keep(run, chosen[ticket].choices, wrote[ticket])
            for ticket, run in standing.items()
        )

    def _keep(self, run: Run, choices: Mapping[str, Choice], wrote: Sequence[Wrote]) -> int:
        standing: Run | None = run
        for _ in range(TRIES):
            if standing is None or not stands(standing):
                break
            found = self._found(standing, choices, wrote)
            if not found or self._correct(standing, found):
                return len(found)
            standing = self.ledger.run(run.id)
        return 0

    def _found(
        self, run: Run, choices: Mapping[str, Choice], wrote: Sequence[Wrote]
    ) -> list[Correction]:
        """The run is read before its labels, so that two who read at once keep each once."""
        labels = self.ledger.labels_of(run.id)
        return list(
            corrections(
                run,
                choices,
                now=self.clock.now(),
                wrote=wrote,
                held=self._held(run, choices),
                known={one.field: one.truth for one in labels if one.how is How.CORRECTION},
            )
        )

    def _correct(self, run: Run, found: Sequence[Correction]) -> bool:
        entries = tuple(
            Entry(
                kind=Kind.CORRECTED,
                body={"field": one.field, "said": one.said, "truth": one.truth},
            )
            for one in found
            if one.is_news
        )
        now = self.clock.now()
        change = change_of(run, entries, None, vault=self.vault, clock=self.clock)
        labels = [
            Label(
                run=run.id,
                field=one.field,
                how=How.CORRECTION,
                said=one.said,
                truth=one.truth,
                by=one.by,
                at=now,
            )
            for one in found
        ]
        kept = self.ledger.correct(change if entries else None, labels)
        for one in found if kept else ():
            self.log.info("ticket.corrected", run=run.id, field=one.field)
        return kept

    def _held(self, run: Run, choices: Mapping[str, Choice]) -> Held | None:
        """What its fields held when it came in; asked for only where nothing else tells."""
        if all(one.ago is not None for one in choices.values()):
            return None
        key, sealed = self.ledger.key(run.requester), self.ledger.bodies(run.id, [HELD])
        if key is None or not sealed:
            return None
        try:
            held: Held = json.loads(self.vault.open(sealed[0], key))
        except Unreadable:
            return None
        return held
