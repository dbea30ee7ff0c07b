"""Looks for twins: notes that somebody sent after somebody else had taken the ticket over.

A process that was frozen between its last check and its request sends when it wakes, and not every
helpdesk refuses a second note of one key. Nothing prevents that; so it is found, and counted.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tasks.chronicle import Entry
from tasks.errors import Misconfigured, RateLimited, Transient
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import Helpdesk, Traces
from tasks.ports.ledger import Intent
from tasks.run import Run
from worker.carrying.notebook import change_of
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log

BATCH = 50  # a sweep of the reaper: each costs a request
LATER_SECONDS = 60.0  # where the helpdesk does not answer


class Sweeper:
    """Compares what the ledger confirmed with what the helpdesk holds."""

    def __init__(
        self,
        ledger: SqlLedger,
        helpdesk: Helpdesk,
        vault: Vault,
        clock: Clock,
        *,
        on_loop: Callable[[Coroutine[Any, Any, Traces]], Traces] = asyncio.run,
    ) -> None:
        self._ledger = ledger
        self._helpdesk = helpdesk
        self._vault = vault
        self._clock = clock
        self._on_loop = on_loop
        self._log = Log("sweeper")

    def sweep(self) -> None:
        """Whatever is due. Raises LedgerDown."""
        now = self._clock.now()
        for note in self._ledger.to_sweep(now, BATCH):
            run = self._ledger.run(note.run)
            if note.sweep_at is not None and note.sweep_at > now:  # by a clock that was wrong
                self._ledger.swept(note.key, now + LATER_SECONDS)
            elif run is not None:
                self._look_for(note, run)

    def _look_for(self, note: Intent, run: Run) -> None:
        key = note.key.partition(":")[0]
        try:
            traces = self._on_loop(self._helpdesk.traces(run.external_id, key=key))
        except (Transient, RateLimited, Misconfigured):
            self._ledger.swept(note.key, self._clock.now() + LATER_SECONDS)
            return
        count = traces.counts.get(note.key, 0)
        if count > 1:
            self._log.warning("note.twins", run=run.id, key=note.key, count=count)
            told = Entry(kind=Kind.TWINS, body={"key": note.key, "count": count})
            change = change_of(run, (told,), None, vault=self._vault, clock=self._clock)
            if not self._ledger.commit([change])[0]:
                return  # it moved meanwhile: at the next sweep
        self._ledger.swept(note.key, None)
