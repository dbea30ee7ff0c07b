"""How fast tickets flow, on either database."""

from tests.twins.clock import NOON, StillClock
from tests.unit.worker.pages.scene import IN_REVIEW, Scene, claimed
from worker.pages.pace import percentiles
from worker.pages.snapshot import Camera

HOUR = 3_600.0


def test_the_pace_is_that_of_the_last_five_minutes(scene: Scene, camera: Camera) -> None:
    scene.write(7, came=NOON - 400, took=1)
    scene.write(10, came=NOON - 299, took=1)
    pace = camera.take().pace
    assert pace.routed_per_minute == 2
    assert pace.ingested_per_minute == 2


def test_each_whole_minute_of_the_last_half_hour_is_counted(
    scene: Scene, camera: Camera, clock: StillClock
) -> None:
    """A minute begins with its first moment; the running one would always look too low."""
    clock.at = NOON + 30
    scene.write(1, came=NOON - 70, took=10)
    scene.write(2, came=NOON - 70, took=69)
    scene.write(4, came=NOON - 70, took=70)
    scene.write(8, came=NOON - 1_800, took=0)
    scene.write(16, came=NOON - 1_801, took=0)
    minutes = camera.take().pace.minutes
    assert [minute.at for minute in minutes] == [NOON - 60 * back for back in range(30, 0, -1)]
    assert [minute.routed for minute in minutes] == [8, *[0] * 28, 3]


def test_latency_runs_from_arrival_to_routed(scene: Scene, camera: Camera) -> None:
    for seconds in range(1, 101):
        scene.write(1, came=NOON - 1_000, took=seconds)
    scene.write(1, came=NOON - HOUR - 500, took=400)
    pace = camera.take().pace
    assert pace.sample == 100
    assert pace.latency == {50: 50, 95: 95, 99: 99}


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentiles([]) is None
    assert percentiles([3.0]) == {50: 3.0, 95: 3.0, 99: 3.0}
    assert percentiles([4.0, 1.0]) == {50: 1.0, 95: 4.0, 99: 4.0}


def test_the_share_in_review_is_that_of_what_was_routed(scene: Scene, camera: Camera) -> None:
    scene.write(3, came=NOON - 60, took=1)
    [run] = scene.arrive(at=NOON - 60)
    scene.tell(run, claimed(run), IN_REVIEW, at=NOON - 50)
    scene.arrive(5, at=NOON - 40)
    assert camera.take().pace.review_share == 0.25
