"""A ledger to look at: what happened to made-up tickets, told event by event."""

from collections.abc import Sequence

from config.tiers import TierName
from tasks.events import Body, Event, Kind
from tasks.journey import advance
from tasks.ports.ledger import Arrival, Change, WorkerRow
from tasks.run import Incarnation, Run, RunId
from tasks.ticket import ExternalId
from worker.ledgers.sql import SqlLedger

OWNER = Incarnation("w1")

Step = tuple[Kind, Body]


def claimed(run: Run) -> Step:
    """A worker takes the run in hand."""
    return Kind.CLAIMED, {"owner": OWNER, "fence": run.fence + 1}


def enriched(tier: TierName, customer_tier: str = "basic") -> Step:
    """The facts are known."""
    return Kind.ENRICHED, {"tier": tier, "customer_tier": customer_tier}


def answered(tier: TierName, micro_usd: int) -> Step:
    """A model has answered."""
    body = {"tier": tier, "micro_usd": micro_usd, "model": "openai/gpt-5-mini", "prompt": "p1"}
    return Kind.ANSWERED, body


def failed(stage: str) -> Step:
    """An attempt was in vain."""
    return Kind.FAILED, {"stage": stage, "why": "it timed out"}


def waits(reason: str, until: float) -> Step:
    """Nothing to do until then."""
    return Kind.WAITING, {"until": until, "reason": reason, "why": "it timed out"}


def buried(cause: str, stage: str = "classify") -> Step:
    """A dead letter."""
    return Kind.BURIED, {"stage": stage, "cause": cause, "why": "it did not help"}


IN_REVIEW: Step = (Kind.IN_REVIEW, {"stage": "validate", "reason": "unsure", "why": "0.41 < 0.8"})
WRITTEN: Step = (Kind.WRITTEN, {"outcome": "applied", "results": {}})
LAPSED: Step = (Kind.LAPSED, {"owner": OWNER})


class Scene:
    """Tells a ledger what happened."""

    def __init__(self, ledger: SqlLedger) -> None:
        self.ledger = ledger
        self._born = 0

    def arrive(
        self,
        count: int = 1,
        *,
        at: float,
        tier: TierName = "economy",
        malformed: tuple[str, str] | None = None,
    ) -> Sequence[Run]:
        """So many tickets come in."""
        arrivals = [
            Arrival(
                run=RunId(f"{number:032x}"),
                source="file:scene",
                external_id=ExternalId(f"T-{number}"),
                requester="r1",
                digest=f"{number:064x}",
                tier=tier,
                at=at,
                bodies=(),
                malformed=malformed,
            )
            for number in range(self._born, self._born + count)
        ]
        self._born += count
        return self.ledger.ingest(arrivals, cursor=None).runs

    def tell(self, run: Run, *steps: Step, at: float) -> Run:
        """This happened to the run then; how it stands now."""
        return self.tell_many([(run, steps)], at=at)[0]

    def tell_many(self, told: Sequence[tuple[Run, Sequence[Step]]], *, at: float) -> list[Run]:
        """As `tell`, of many runs in one commit."""
        changes = [_change(run, steps, at) for run, steps in told]
        assert all(self.ledger.commit(changes))
        return [change.after for change in changes]

    def write(self, count: int, *, came: float, took: float) -> None:
        """So many tickets come in, and are written so much later."""
        runs = self.arrive(count, at=came)
        told = [(run, [claimed(run), answered("economy", 100), WRITTEN]) for run in runs]
        self.tell_many(told, at=came + took)

    def work(self, *, at: float, tiers: tuple[TierName, ...] = ("economy",), pid: int = 7) -> None:
        """A worker process gave a sign of life then."""
        self.ledger.born(
            WorkerRow(
                incarnation=Incarnation(f"w{pid}"),
                host="host-1",
                pid=pid,
                version="0.1.0",
                tiers=tiers,
                beat=1,
                started_at=at - 3_600,
                beat_at=at,
            )
        )


def _change(run: Run, steps: Sequence[Step], at: float) -> Change:
    after, events = run, []
    for kind, body in steps:
        event = Event(run=run.id, seq=after.seq + 1, at=at, kind=kind, body=body)
        after = advance(after, event)
        events.append(event)
    return Change(before=run, after=after, events=tuple(events))
