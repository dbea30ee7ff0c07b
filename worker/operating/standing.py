"""Where the fleet stands: who works, what waits and why, what is overdue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from config.mode import Mode
from tasks.ports.ledger import Books, Pause, Source, WorkerRow
from tasks.run import State
from worker.alerts.alert import Alert
from worker.alerts.lookout import Lookout
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff
from worker.operating.moments import iso


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One look at the fleet."""

    workers: tuple[WorkerRow, ...]
    books: Books
    oldest_seconds: float | None  # since the oldest unrouted ticket came in
    waiting: Mapping[str, int]  # reason -> runs
    paused: tuple[Pause, ...]
    careful: tuple[Source, ...]  # sources that may not do all
    off: tuple[GuardOff, ...]
    alerts: tuple[Alert, ...]

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
            "guards_off": [guard_json(one) for one in self.off],
            "alerts": [alert.as_json(runbook) for alert in self.alerts],
            "waiting": dict(self.waiting),
        }


def stand(
    ledger: SqlLedger,
    lookout: Lookout,
    now: float,
    broker_answers: Callable[[bool], bool] = lambda _: True,
) -> Standing:
    """The fleet at `now` (epoch seconds). `broker_answers` is told whether any worker lives."""
    picture = lookout.look(now)
    if not broker_answers(bool(picture.alive)):
        picture = replace(picture, broker_answers=False)
    oldest = min(picture.oldest.values(), default=None)
    return Standing(
        workers=picture.alive,
        books=picture.books,
        oldest_seconds=None if oldest is None else max(0.0, now - oldest),
        waiting=picture.waiting,
        paused=tuple(ledger.pauses()),
        careful=tuple(one for one in ledger.sources() if one.mode is not Mode.AUTO or one.per_hour),
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
