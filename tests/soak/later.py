"""The look that a fleet takes a minute later, without one: the real sweeper, and one run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from tasks.birth import beginning
from tasks.journey import fold
from tasks.ports.helpdesk import Helpdesk
from tasks.ports.ledger import Change, Intent, Source
from tasks.run import Run, State, TicketId
from tests.ledgers import an_arrival
from tests.twins.clock import StillClock
from worker.privacy.vault import Vault
from worker.upkeep.sweeper import Sweeper


class _Books:
    """As much of a ledger as the sweeper asks."""

    def __init__(self, run: Run, writes: Sequence[Intent]) -> None:
        self.run_of = run
        self.writes = {one.key: one for one in writes}

    def to_sweep(self, now: float, limit: int) -> list[Intent]:
        assert limit
        due = [one for one in self.writes.values() if one.sweep_at is not None]
        return [replace(one, run=self.run_of.id, sweep_at=now) for one in due]

    def run(self, _run: str) -> Run:
        return self.run_of

    def sources(self) -> list[Source]:
        return []

    def swept(self, key: str, again_at: float | None) -> None:
        assert again_at is None, "the helpdesk was away"
        self.writes.pop(key, None)

    def commit(self, changes: Sequence[Change]) -> list[bool]:
        for change in changes:
            self.run_of = change.after
        return [True for _ in changes]


def look_later(helpdesk: Helpdesk, ticket: str, writes: Sequence[Intent]) -> list[Intent]:
    """Whatever the sweeper has put back."""
    arrival = an_arrival(ticket)
    run = replace(fold(beginning(arrival, TicketId("K-1"), 1)), state=State.WRITTEN)
    books = _Books(run, writes)
    back: list[Intent] = []
    commit = books.commit

    def watched(changes: Sequence[Change]) -> list[bool]:
        back.extend(one for change in changes for one in change.writes if one.outcome == "kept")
        return commit(changes)

    books.commit = watched  # type: ignore[method-assign]
    Sweeper(cast("Any", books), helpdesk, Vault(b"s" * 32, keep_days=1), StillClock()).sweep()
    return back
