"""A key that is revoked with 2,000 tickets queued, and comes back."""

from tasks.causes import WaitReason
from tasks.run import State
from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, Casting, Stage, ended, played, staged

QUEUED = 2_000
MOST_SECONDS = 60
LONG = 90.0
"""Seconds that the key stays revoked once everybody waits; longer than a key is tried again."""


def credential(pace: Pace, *, seed: int) -> dict[str, object]:
    """What came of it."""
    with staged(Casting(), pace, seed=seed) as stage:
        stage.provider.play("error_401")
        began = CLOCK.now()
        stage.bring(QUEUED)
        until(lambda: stage.show() and _parked(stage) == QUEUED, 240)
        parked = CLOCK.now()
        until(lambda: stage.show() and parked + LONG < CLOCK.now(), LONG + 30)
        runs = stage.place.runs()
        attempts, dead = sum(run.attempts for run in runs), _dead(stage)
        alerts = {one.name: one.kind for one in stage.place.shop.ledger.alerts().values()}
        asked = len(stage.provider.log)
        stage.provider.play("ok")
        back = CLOCK.now()
        until(lambda: stage.show() < QUEUED and not _parked(stage), 300)
        running = CLOCK.now()
        stage.settle(300)
        return {
            "queued": QUEUED,
            "revoked_seconds": round(back - began, 1),
            "requests_while_revoked": asked,
            "attempts_spent": attempts,
            "dead": dead,
            "alerts": alerts,
            "none_parked_seconds_after": round(running - back, 1),
            "all_done_seconds_after": round(CLOCK.now() - back, 1),
            "played": played(stage.log()),
            **ended(stage),
        }


def _parked(stage: Stage) -> int:
    return sum(run.reason == WaitReason.PARKED for run in stage.place.runs(states=(State.WAITING,)))


def _dead(stage: Stage) -> int:
    return stage.place.states()[State.DEAD]


def is_well(found: dict[str, object]) -> bool:
    """Whether nobody had to do anything about a single ticket."""
    alerts = found["alerts"]
    assert isinstance(alerts, dict)
    return (
        found["states"] == {"written": QUEUED}
        and (found["attempts_spent"], found["dead"]) == (0, 0)
        and list(alerts.values()).count("misconfigured") == len(alerts) == 1
        and float(str(found["none_parked_seconds_after"])) <= MOST_SECONDS
    )
