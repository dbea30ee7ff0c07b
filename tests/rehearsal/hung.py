"""One tier's provider hangs: its tickets hold no slot for long, and other tiers do not notice."""

from collections.abc import Sequence

from sqlalchemy import func, select

from tasks.events import Kind
from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, TIERS, Casting, Stage, ended, played, staged
from worker.ledgers.schema import runs

TICKETS = 1_500
HUNG = 400
TIMEOUT = 10.0
LATENCY = "5-8"
"""So slow that the other tiers wait for their slots and not for a processor: they share two of them
with the process whose provider hangs, and it takes its part in any case."""

SLACK = 1.5
"""Seconds that a slot may be held beside the call's own: what is before and after it."""

QUEUES = ("economy,standard", "economy,standard", "economy,standard", "premium")
"""As the Procfile has them: a tier has processes of its own."""

SLOWER = 0.8
"""Of the others' rate: below that they have noticed."""


def hung(pace: Pace, *, seed: int) -> dict[str, object]:
    """How long slots were held, and how fast the others were with and without the hung one."""
    tiers = {"economy": ("alpha",), "standard": ("alpha",), "premium": ("beta",)}
    casting = Casting(tiers=tiers, timeout=TIMEOUT, latency=LATENCY)
    with staged(casting, pace, seed=seed, queues=QUEUES) as stage:
        alone = _rate(stage, stage.bring(TICKETS))
        stage.provider.play("hang", "beta")
        hanging = stage.bring(HUNG, TIERS[-1])
        beside = _rate(stage, stage.bring(TICKETS))
        held = _held(stage, hanging)
        stage.provider.play("ok", "beta")
        stage.settle(300)
        return {
            "others_per_second_before": alone,
            "others_per_second_beside": beside,
            "share": round(beside / alone, 2),
            "longest_slot_seconds": round(max(held), 2),
            "slots_held": len(held),
            "held_seconds": {
                p: round(sorted(held)[int(len(held) * p / 100)], 2) for p in (50, 90, 99)
            },
            "timeout_seconds": TIMEOUT,
            "played": played(stage.log()),
            **ended(stage),
        }


def _rate(stage: Stage, names: Sequence[str]) -> float:
    """Tickets a second until the last of them is written.

    `names` are in their order. Asked of the ledger in one number: to read all runs, of which there
    are ever more, takes a part of the second phase's time that it does not take of the first's.
    """
    began = CLOCK.now()
    theirs = runs.c.external_id.between(names[0], names[-1])
    query = select(func.count()).where(theirs, runs.c.outcome.is_(None))

    def left() -> int:
        stage.show()
        with stage.place.shop.ledger.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    until(lambda: not left(), 300)
    return round(len(names) / (CLOCK.now() - began), 1)


def _held(stage: Stage, names: Sequence[str]) -> list[float]:
    """Seconds from each claim to the event that ended it."""
    found = []
    for run in stage.runs(names):
        claimed = None
        for event in stage.place.shop.ledger.events(run.id):
            if event.kind is Kind.CLAIMED:
                claimed = event.at
            elif claimed is not None and event.kind in (Kind.WAITING, Kind.WRITTEN):
                found.append(event.at - claimed)
                claimed = None
    return found


def is_well(found: dict[str, object]) -> bool:
    """Whether nobody noticed but those who had to."""
    return (
        float(str(found["longest_slot_seconds"])) <= TIMEOUT + SLACK
        and float(str(found["share"])) >= SLOWER
        and set(found["states"]) == {"written"}  # type: ignore[call-overload]
    )
