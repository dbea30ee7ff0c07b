"""Calls people to single tickets: those that wait for a decision of theirs, and the escalated."""

from collections.abc import Callable, Sequence

from config.alerts import Alerts
from worker.alerts import summons
from worker.alerts.alert import Alert
from worker.alerts.channel import Message, State
from worker.alerts.post import Post
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.ledgers.summoning import Call

PACE = 50.0
"""Seconds between two messages about reviews to the same people; with a look every few seconds
each of them is told within a minute. An escalation waits for nothing."""

CLOCKS_DIFFER = 120.0
"""What was written by a clock that is so far behind is found all the same."""

FIRST_LOOK = 3_600.0
"""So far back looks who has not looked for a while; what was told then is marked."""

KEPT = 30 * 86_400.0
"""Seconds after which nobody waits any more; looked for once in a process's life."""

Says = Callable[[str | None, Sequence[Call], float], Alert]


class Caller:
    """Keeps in the ledger what is to be told; the post tells it, and again until it was taken.

    Not for an event loop.
    """

    def __init__(
        self, ledger: SqlLedger, post: Post, rules: Alerts, residence: Residence = ANYWHERE
    ) -> None:
        self._ledger = ledger
        self._post = post
        self._rules = rules
        self._residence = residence
        self._looked_at: float | None = None

    def call(self, now: float) -> None:
        """One look. Raises LedgerDown; the next one starts afresh."""
        ledger, here = self._ledger, self._residence
        self._tell(ledger.waiting_calls(here), summons.waits, now, pace=PACE)
        self._tell(ledger.escalated_calls(self._since(now), here), summons.escalated, now, pace=0)
        if self._looked_at is None:
            ledger.forget_calls(now - KEPT)
        self._looked_at = now

    def _since(self, now: float) -> float:
        last = self._looked_at
        if last is None or not 0 <= now - last < FIRST_LOOK:
            return now - FIRST_LOOK
        return last - CLOCKS_DIFFER

    def _tell(self, calls: Sequence[Call], says: Says, now: float, *, pace: float) -> None:
        for owner, theirs in summons.by_owner(calls, self._rules).items():
            alert = says(owner, theirs, now)
            runbook = self._rules.runbook
            message = Message(id="", state=State.TOLD, alert=alert, at=now, runbook=runbook)
            bodies = self._post.addressed(message, owner)
            self._ledger.summon(alert.name, theirs, bodies, now, pace=pace)
