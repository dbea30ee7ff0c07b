"""Where the fleet stands: who works, what waits and why, what is overdue."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from config.load import Config
from config.mode import Mode
from config.tiers import CustomerTier
from tasks.causes import WaitReason
from tasks.ports.ledger import Books, Pause, Source, WorkerRow
from tasks.run import ERRANDS, State
from worker.guards.standing import Standing as Breaker
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger

BROKER_DOWN = "broker down: it does not answer; nothing is lost, and nothing moves until it does"
UNROUTED = (State.QUEUED, State.RUNNING, State.WAITING)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One look at the fleet. `alerts` are sentences that begin with their runbook heading."""

    workers: tuple[WorkerRow, ...]
    books: Books
    oldest_seconds: float | None  # since the oldest unrouted ticket came in
    waiting: Mapping[str, int]  # reason -> runs
    paused: tuple[Pause, ...]
    careful: tuple[Source, ...]  # sources that may not do all
    breakers: tuple[Breaker, ...] = ()  # that keep anybody back; who asks the broker puts them here
    alerts: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it to scripts."""
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
            "breakers": [
                {"breaker": one.name, "state": one.state, "by": one.by, "why": one.why}
                for one in self.breakers
            ],
            "alerts": list(self.alerts),
            "waiting": dict(self.waiting),
        }


def stand(ledger: SqlLedger, config: Config, now: float) -> Standing:
    """The fleet at `now` (epoch seconds)."""
    lapse = config.settings.heart.lapse_seconds
    workers = tuple(w for w in ledger.workers() if now - w.beat_at < lapse)
    books = ledger.books()
    oldest = _oldest(ledger)
    waiting = waiting_for(ledger)
    return Standing(
        workers=workers,
        books=books,
        oldest_seconds=None if oldest is None else max(0.0, now - min(oldest.values())),
        waiting=waiting,
        paused=tuple(ledger.pauses()),
        careful=tuple(one for one in ledger.sources() if one.mode is not Mode.AUTO or one.per_hour),
        alerts=tuple(alerts_of(workers, books, overdue_of(oldest or {}, config, now), waiting)),
    )


def alerts_of(
    workers: tuple[WorkerRow, ...], books: Books, overdue: list[str], waiting: Mapping[str, int]
) -> list[str]:
    """What needs somebody, each under its heading in docs/runbook.md; `overdue` comes last."""
    unrouted = sum(books.states[state] for state in UNROUTED)
    alerts = []
    if unrouted and not workers:
        alerts.append(f"no worker: {unrouted} tickets are unrouted and nobody works on them")
    if not books.balanced:
        alerts.append("books differ: run `triage books --deep`")
    if parked := waiting.get("parked"):
        alerts.append(
            f"misconfigured: {parked} runs are parked; `triage ticket list --state waiting`"
        )
    if looping := waiting.get("loop"):
        alerts.append(
            f"reply loop: {looping} tickets get more messages than people write;"
            " `triage ticket list --state waiting`"
        )
    return [*alerts, *overdue]


def overdue_of(oldest: Mapping[str, float], config: Config, now: float) -> list[str]:
    """One alert for each customer tier whose oldest unrouted ticket is over its limit."""
    tiers: tuple[CustomerTier, ...] = ("basic", "plus", "business")
    limits = {tier: config.policy.unrouted_after.of(tier) for tier in tiers}
    return [
        f"unrouted: the oldest {tier} ticket waits {now - oldest[tier]:.0f} s, "
        f"the limit is {limits[tier]:.0f} s"
        for tier in tiers
        if tier in oldest and now - oldest[tier] > limits[tier]
    ]


def _oldest(ledger: SqlLedger) -> dict[str, float] | None:
    """Customer tier -> when its oldest unrouted ticket came in; unknown customers are basic."""
    runs = schema.runs
    tier = func.coalesce(runs.c.customer_tier, "basic")
    query = (
        select(tier, func.min(runs.c.ingested_at))
        .where(
            runs.c.state.in_([str(state) for state in UNROUTED]),
            runs.c.stage.not_in(ERRANDS),  # it was routed once, or is with people in a moment
            func.coalesce(runs.c.reason, "") != WaitReason.CAPPED,  # people have it meanwhile
            runs.c.mode.is_distinct_from(Mode.SHADOW),  # nobody waits for it
        )
        .group_by(tier)
    )
    with reading(ledger.engine) as connection:
        found: dict[str, float] = {str(tier): float(at) for tier, at in connection.execute(query)}
    return found or None


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
