"""What today has cost, however often one looks, on either database."""

from config.tiers import TierName
from tests.twins.clock import NOON, StillClock
from tests.unit.worker.pages.scene import Scene, answered, claimed
from worker.pages.snapshot import Camera
from worker.pages.spending import DAY, GRACE, SLOT

HOUR = 3_600.0


def test_the_day_costs_what_was_answered_since_midnight_utc(scene: Scene, camera: Camera) -> None:
    runs = scene.arrive(3, at=NOON - DAY)
    midnight = NOON // DAY * DAY
    spent: tuple[tuple[float, TierName, int], ...] = (
        (midnight - 1, "economy", 1),
        (midnight, "economy", 20),
        (NOON - 1, "premium", 300),
    )
    for run, (at, tier, cost) in zip(runs, spent, strict=True):
        scene.tell(run, claimed(run), answered(tier, cost), at=at)
    assert camera.take().cost_today == {"economy": 20, "premium": 300}


def test_the_day_adds_up_however_often_one_looks(
    scene: Scene, camera: Camera, clock: StillClock
) -> None:
    """Closed slots are remembered; what is added to the open ones still counts, each once."""
    spent = 0
    for look in range(12):
        [run] = scene.arrive(at=clock.at)
        late = min(look * SLOT, GRACE - 1)
        scene.tell(run, claimed(run), answered("economy", 10**look), at=clock.at - late)
        spent += 10**look
        assert camera.take().cost_today == {"economy": spent}
        clock.at += SLOT * 0.7


def test_a_new_day_begins_with_nothing(scene: Scene, camera: Camera, clock: StillClock) -> None:
    [run] = scene.arrive(at=NOON)
    scene.tell(run, claimed(run), answered("economy", 5), at=NOON)
    clock.at = NOON + HOUR
    assert camera.take().cost_today == {"economy": 5}
    clock.at = NOON + DAY
    assert camera.take().cost_today == {}
