"""One look at the fleet for every viewer: numbers of one moment, and when that was."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import ProgrammingError

from config.load import Config
from config.tiers import TIERS
from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.ledger import Books, WorkerRow
from tasks.run import State
from worker.alerts.alert import Alert
from worker.alerts.lookout import OF_BREAKERS, Lookout
from worker.broker.errors import BrokerDown
from worker.broker.names import QueueName
from worker.broker.queues import Broker
from worker.guards.standing import Standing
from worker.ledgers import schema
from worker.ledgers.accounting import Account
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff
from worker.operating.breakers import standing_json
from worker.operating.moments import iso
from worker.operating.spending import account_json
from worker.operating.standing import guard_json
from worker.pages.backlog import Backlog, read_backlog
from worker.pages.pace import Pace, read_pace
from worker.pages.spending import Spending
from worker.pages.trouble import Trouble, read_trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class OnBroker:
    """What lies on the broker, by queue."""

    depths: Mapping[QueueName, int]
    unacked: Mapping[QueueName, int]  # a worker has it and has not acknowledged


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The ledger at one moment, and the broker a moment later. Holds no word of any ticket."""

    at: float  # epoch seconds
    ledger_seconds: float  # how long the ledger was read
    books: Books
    backlog: Backlog
    pace: Pace
    trouble: Trouble
    cost_today: Mapping[str, int]  # tier -> millionths of a US dollar since midnight UTC
    workers: tuple[WorkerRow, ...]  # those alive
    broker: OnBroker | None  # None: it does not answer
    alerts: tuple[Alert, ...]
    breakers: tuple[Standing, ...] | None  # that anybody has heard of; None: nobody can tell
    accounts: tuple[Account, ...]  # of today
    guards_off: tuple[GuardOff, ...]
    runbook: str  # where it lies

    @property
    def oldest_seconds(self) -> float | None:
        """How long the oldest unrouted ticket has been here; None where there is none."""
        oldest = min(self.backlog.oldest.values(), default=None)
        return None if oldest is None else max(0.0, self.at - oldest)

    def as_json(self) -> dict[str, object]:
        """The names of `triage books --json` and `triage status --json`, and the rest."""
        return {
            "taken_at": iso(self.at),
            "ledger_seconds": self.ledger_seconds,
            "ingested": self.books.ingested,
            **{str(state): count for state, count in self.books.states.items()},
            "balanced": self.books.balanced,
            "broker": dict(self.broker.depths) if self.broker else None,
            "unacked": dict(self.broker.unacked) if self.broker else None,
            "oldest_seconds": self.oldest_seconds,
            "alerts": [alert.as_json(self.runbook) for alert in self.alerts],
            "breakers": None
            if self.breakers is None
            else [standing_json(one) for one in self.breakers],
            "accounts": [account_json(one) for one in self.accounts],
            "guards_off": [guard_json(guard) for guard in self.guards_off],
            "workers": [
                {"pid": w.pid, "host": w.host, "tiers": list(w.tiers), "version": w.version}
                for w in self.workers
            ],
            **self._backlog_json(),
            **self._pace_json(),
            "errors": self._errors_json(),
            "cost_today_usd": {tier: self.cost_today.get(tier, 0) / 1e6 for tier in TIERS},
        }

    def _backlog_json(self) -> dict[str, object]:
        backlog = self.backlog
        return {
            "queued_by_tier": {tier: backlog.queued.get(tier, 0) for tier in TIERS},
            "running_by_tier": {tier: backlog.running.get(tier, 0) for tier in TIERS},
            "waiting_reasons": [
                {"reason": wait.reason, "count": wait.count, "next_at": iso(wait.next_at)}
                for wait in backlog.waits
            ],
            "dead_causes": [
                {
                    "cause": grave.cause,
                    "stage": grave.stage,
                    "count": grave.count,
                    "oldest_at": iso(grave.oldest_at),
                }
                for grave in backlog.graves
            ],
        }

    def _pace_json(self) -> dict[str, object]:
        pace = self.pace
        return {
            "per_minute": {
                "ingested": pace.ingested_per_minute,
                "routed": pace.routed_per_minute,
            },
            "minutes": [{"at": iso(m.at), "routed": m.routed} for m in pace.minutes],
            "sample": pace.sample,
            "review_share": pace.review_share,
            "latency_seconds": {f"p{p}": seconds for p, seconds in (pace.latency or {}).items()}
            or None,
        }

    def _errors_json(self) -> dict[str, object]:
        return {
            "claims": self.trouble.claims,
            "kinds": [
                {"kind": f.kind, "detail": f.detail, "count": f.count, "rate": f.rate}
                for f in self.trouble.faults
            ],
        }


class Camera:
    """Takes snapshots, one at a time."""

    def __init__(
        self, ledger: SqlLedger, broker: Broker, config: Config, clock: Clock, lookout: Lookout
    ) -> None:
        self._ledger = ledger
        self._broker = broker
        self._runbook = config.alerts.runbook
        self._clock = clock
        self._lookout = lookout
        self._spending = Spending()

    def take(self) -> Snapshot:
        """The fleet now. Raises LedgerDown; a broker that is down is part of the picture."""
        now = self._clock.now()
        begun = self._clock.monotonic()
        broker = self._on_broker()
        asked = self._clock.monotonic() - begun
        try:
            with reading(self._ledger.engine) as connection:
                books = _books(connection)
                backlog = read_backlog(connection)
                pace = read_pace(connection, now)
                trouble = read_trouble(connection, now)
                cost = self._spending.today(connection, now)
            picture = self._lookout.look(now, books=books, broker_answers=broker is not None)
            alerts = self._lookout.known(picture)
        except ProgrammingError as error:
            message = "the ledger has no schema that this version knows: run `triage migrate`"
            raise LedgerDown(message) from error
        return Snapshot(
            at=now,
            ledger_seconds=self._clock.monotonic() - begun - asked,
            books=books,
            backlog=backlog,
            pace=pace,
            trouble=trouble,
            cost_today=cost,
            workers=picture.alive,
            broker=broker,
            alerts=alerts,
            breakers=None if picture.unseen & OF_BREAKERS else picture.breakers,
            accounts=picture.accounts,
            guards_off=picture.guards_off,
            runbook=self._runbook,
        )

    def _on_broker(self) -> OnBroker | None:
        try:
            return OnBroker(depths=self._broker.depths(), unacked=self._broker.unacked())
        except BrokerDown:
            return None


def _books(connection: Connection) -> Books:
    """As SqlLedger.books, but in this snapshot."""
    events, runs = schema.events, schema.runs
    ingested = select(func.count()).where(events.c.kind == str(Kind.INGESTED))
    states = select(runs.c.state, func.count()).group_by(runs.c.state)
    counted: dict[str, int] = dict(connection.execute(states).all())
    return Books(
        ingested=connection.execute(ingested).scalar_one(),
        states={state: counted.get(state, 0) for state in State},
    )
