"""Where the fleet stands: who works, what waits and why, what is overdue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from config.mode import Mode
from tasks.ports.ledger import Books, Pause, Source, WorkerRow
from tasks.run import State
from worker.alerts.alert import Alert
from worker.alerts.lookout import Lookout
from worker.broker.errors import BrokerDown
from worker.guards.standing import Standing as Breaker
from worker.guards.throttled import Throttled
from worker.ledgers import schema
from worker.ledgers.accounting import Account
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff
from worker.operating.moments import iso
from worker.operating.spending import account_json


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One look at the fleet."""

    workers: tuple[WorkerRow, ...]
    books: Books
    backfill: Mapping[State, int]  # of those the ones that a backfill has left open or dead
    oldest_seconds: float | None  # since the oldest unrouted ticket came in
    waiting: Mapping[str, int]  # reason -> runs
    paused: tuple[Pause, ...]
    careful: tuple[Source, ...]  # sources that may not do all
    dear: tuple[Account, ...]  # scopes whose money of today is nearly used up, or is
    throttled: Throttled
    off: tuple[GuardOff, ...]
    alerts: tuple[Alert, ...]
    breakers: tuple[Breaker, ...] = ()  # that keep anybody back; who asks the broker puts them here

    def as_json(self, runbook: str) -> dict[str, object]:
        """As docs/interface.md promises it to scripts; `runbook` is where that page lies."""
        return {
            "workers": [
                {"pid": w.pid, "host": w.host, "tiers": list(w.tiers), "version": w.version}
                for w in self.workers
            ],
            "oldest_seconds": self.oldest_seconds,
            "paused": [{"scope": one.scope, "by": one.by, "why": one.why} for one in self.paused],
            "sources": [
                {"source": one.name, "mode": str(one.mode), "per_hour": one.per_hour}
                for one in self.careful
            ],
            "backfill": {str(state): count for state, count in self.backfill.items()},
            "money": [account_json(one) for one in self.dear],
            "guards_off": [guard_json(one) for one in self.off],
            "breakers": [
                {"breaker": one.name, "state": one.state, "by": one.by, "why": one.why}
                for one in self.breakers
            ],
            "alerts": [alert.as_json(runbook) for alert in self.alerts],
            "waiting": dict(self.waiting),
            "limits": [limit.as_json() for limit in self.throttled.limits],
            **self._retries(),
        }

    def _retries(self) -> dict[str, object]:
        if self.throttled.retries is None:
            return {}
        left, allowed = self.throttled.retries
        return {"retries": {"left": left, "allowed": allowed}}


def stand(
    ledger: SqlLedger, lookout: Lookout, now: float, throttled: Callable[[bool], Throttled]
) -> Standing:
    """The fleet at `now` (epoch seconds).

    `throttled` asks the broker, and is told whether any worker lives; a broker that is down
    (BrokerDown) is an alert.
    """
    picture = lookout.look(now)
    try:
        limits = throttled(bool(picture.alive))
    except BrokerDown:
        limits, picture = Throttled(), replace(picture, broker_answers=False)
    oldest = min(picture.oldest.values(), default=None)
    return Standing(
        workers=picture.alive,
        books=picture.books,
        backfill=picture.backfill,
        oldest_seconds=None if oldest is None else max(0.0, now - oldest),
        waiting=picture.waiting,
        paused=tuple(ledger.pauses()),
        careful=tuple(one for one in ledger.sources() if one.mode is not Mode.AUTO or one.per_hour),
        dear=tuple(one for one in picture.accounts if one.is_near or one.is_closed),
        throttled=limits,
        off=picture.guards_off,
        alerts=lookout.known(picture),
    )


def guard_json(guard: GuardOff) -> dict[str, object]:
    """A guard that is off, for scripts."""
    return {"guard": guard.name, "until": iso(guard.until), "by": guard.by, "why": guard.why}


def waiting_for(ledger: SqlLedger) -> dict[str, int]:
    """What runs wait for -> how many."""
    runs = schema.runs
    query = (
        select(runs.c.reason, func.count())
        .where(runs.c.state == State.WAITING)
        .group_by(runs.c.reason)
    )
    with reading(ledger.engine) as connection:
        return {str(reason): count for reason, count in connection.execute(query)}
