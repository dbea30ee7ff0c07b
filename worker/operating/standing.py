"""Where the fleet stands: who works, what waits and why, what is overdue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from config.load import Config
from config.mode import Mode
from config.tiers import CustomerTier
from tasks.accounts import day_of
from tasks.causes import WaitReason
from tasks.delivery import BACK
from tasks.events import Kind
from tasks.ports.ledger import Books, Pause, Source, WorkerRow
from tasks.run import ERRANDS, State
from worker.guards.throttled import Throttled
from worker.ledgers import schema
from worker.ledgers.accounting import Account
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.operating.spending import account_json

BROKER_DOWN = "broker down: it does not answer; nothing is lost, and nothing moves until it does"
MOST_NAMED = 5
UNROUTED = (State.QUEUED, State.RUNNING, State.WAITING)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One look at the fleet. `alerts` are sentences that begin with their runbook heading."""

    workers: tuple[WorkerRow, ...]
    books: Books
    backfill: Mapping[State, int]  # of those the ones that a backfill has left open or dead
    oldest_seconds: float | None  # since the oldest unrouted ticket came in
    waiting: Mapping[str, int]  # reason -> runs
    paused: tuple[Pause, ...]
    careful: tuple[Source, ...]  # sources that may not do all
    dear: tuple[Account, ...]  # scopes whose money of today is nearly used up, or is
    alerts: tuple[str, ...]
    throttled: Throttled = field(default_factory=Throttled)

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
            "money": [account_json(one) for one in self.dear],
            "backfill": {str(state): count for state, count in self.backfill.items()},
            "alerts": list(self.alerts),
            "waiting": dict(self.waiting),
            "limits": [limit.as_json() for limit in self.throttled.limits],
            **self._retries(),
        }

    def _retries(self) -> dict[str, object]:
        if self.throttled.retries is None:
            return {}
        left, allowed = self.throttled.retries
        return {"retries": {"left": left, "allowed": allowed}}


def stand(ledger: SqlLedger, config: Config, now: float) -> Standing:
    """The fleet at `now` (epoch seconds)."""
    lapse = config.settings.heart.lapse_seconds
    workers = tuple(w for w in ledger.workers() if now - w.beat_at < lapse)
    books = ledger.books()
    oldest = _oldest(ledger)
    waiting, backfill = waiting_for(ledger), backfilled(ledger)
    overdue = overdue_of(oldest or {}, config, now)
    return Standing(
        workers=workers,
        books=books,
        backfill=backfill,
        oldest_seconds=None if oldest is None else max(0.0, now - min(oldest.values())),
        waiting=waiting,
        paused=tuple(ledger.pauses()),
        careful=tuple(one for one in ledger.sources() if one.mode is not Mode.AUTO or one.per_hour),
        dear=tuple(a for a in ledger.accounts(day_of(now)) if a.is_near or a.is_closed),
        alerts=(*alerts_of(workers, books, overdue, waiting, backfill), *held_edits(ledger)),
    )


def alerts_of(
    workers: tuple[WorkerRow, ...],
    books: Books,
    overdue: list[str],
    waiting: Mapping[str, int],
    backfill: Mapping[State, int],
) -> list[str]:
    """What needs somebody, each under its heading in docs/runbook.md; `overdue` comes last.

    Nobody waits for what is of a `backfill`.
    """
    unrouted = sum(books.states[state] - backfill.get(state, 0) for state in UNROUTED)
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


def held_edits(ledger: SqlLedger) -> list[str]:
    """One alert where people's choices stand overwritten and shadow keeps them from being put back.

    Names the tickets, a few of them.
    """
    runs, writes, events = schema.runs, schema.writes, schema.events
    told = select(events.c.run).where(events.c.kind == str(Kind.OVERWRITTEN))
    query = (
        select(runs.c.external_id)
        .distinct()
        .join(writes, writes.c.run == runs.c.id)
        .where(
            writes.c.run.in_(told),
            writes.c.sweep_at.is_not(None),
            writes.c.outcome == "applied",
            ~writes.c.target.startswith("note:"),
            ~writes.c.key.contains(f"{BACK}:"),  # what was put back
        )
        .order_by(runs.c.external_id)
    )
    with reading(ledger.engine) as connection:
        found = [str(name) for (name,) in connection.execute(query)]
    if not found:
        return []
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    names = f"{', '.join(found[:MOST_NAMED])}{more}"
    return [f"edits held: shadow keeps what people chose on {names} from being put back over ours"]


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


def backfilled(ledger: SqlLedger) -> dict[State, int]:
    """Where the runs are that a backfill has begun, but for those that have come to their end."""
    runs = schema.runs
    unended = [state for state in State if state not in (State.WRITTEN, State.DROPPED)]
    query = (
        select(runs.c.state, func.count())
        .where(runs.c.state.in_(unended), runs.c.mode == Mode.SHADOW)
        .group_by(runs.c.state)
    )
    with reading(ledger.engine) as connection:
        counts = {str(state): int(count) for state, count in connection.execute(query)}
    return {state: counts[state] for state in unended if state in counts}


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
