"""Journeys that a run can take, step by step, as chance has it."""

from random import Random

from tasks.events import Body, Kind
from tasks.run import Run, State
from tests.ledgers import BURIED, DROPPED, ENRICHED, IN_REVIEW, WAITING, WRITTEN, sent


def next_of(run: Run, chance: Random) -> tuple[tuple[Kind, Body], ...]:
    """What may happen to the run next; nothing where its journey is over or a claim is due."""
    match run.state:
        case State.RUNNING:
            return chance.choice([_stage_of(run), _stage_of(run), *_detours_of(run)])
        case State.WAITING:
            return (sent(run),)
        case State.IN_REVIEW | State.DEAD:
            requeued = {"stage": chance.choice(["enrich", "write"]), "tier": "premium"}
            return chance.choice([((Kind.REQUEUED, requeued), sent(run)), (DROPPED,)])
        case State.QUEUED | State.WRITTEN | State.DROPPED:
            return ()


ANSWERED: tuple[Kind, Body] = (
    Kind.ANSWERED,
    {"micro_usd": 1_500, "model": "m/1", "prompt": "classify@2"},
)
CLASSIFIED: tuple[Kind, Body] = (Kind.CLASSIFIED, {"issue_type": "card"})
VALIDATED: tuple[Kind, Body] = (
    Kind.VALIDATED,
    {"issue_type": "card", "priority": 2, "queue": "cards"},
)


def _stage_of(run: Run) -> tuple[tuple[Kind, Body], ...]:
    match run.stage:
        case "enrich":
            return (ENRICHED,)
        case "classify":
            return (ANSWERED, CLASSIFIED)
        case "validate":
            return (VALIDATED,)
        case _:
            return (Kind.INTENDED, {"keys": [f"{run.id}:queue"]}), WRITTEN


def _detours_of(run: Run) -> list[tuple[tuple[Kind, Body], ...]]:
    failed: tuple[Kind, Body] = (Kind.FAILED, {"stage": run.stage, "why": "away"})
    promoted = {"from": run.tier, "to": "premium", "why": "off the list"}
    return [
        (failed, WAITING),
        (failed, BURIED),
        (IN_REVIEW,),
        ((Kind.PROMOTED, promoted),),
        ((Kind.LAPSED, {"owner": run.owner}), sent(run)),
    ]
