"""What went wrong, by kind, on either database."""

import pytest

from tests.twins.clock import NOON
from tests.unit.worker.pages.scene import LAPSED, Scene, buried, claimed, failed, waits
from worker.pages import trouble
from worker.pages.snapshot import Camera
from worker.pages.trouble import Fault

HOUR = 3_600.0


def test_errors_are_counted_by_kind_as_shares_of_the_claims(scene: Scene, camera: Camera) -> None:
    scene.write(6, came=NOON - 60, took=1)
    one, two, three = scene.arrive(3, at=NOON - 60)
    scene.tell(one, claimed(one), failed("classify"), waits("rate", NOON + 9), at=NOON - 50)
    scene.tell(
        two, claimed(two), failed("write"), buried("helpdesk_refused", "write"), at=NOON - 50
    )
    scene.tell(three, claimed(three), LAPSED, at=NOON - 50)
    [old] = scene.arrive(at=NOON - 2 * HOUR)
    scene.tell(old, claimed(old), failed("classify"), buried("bug"), at=NOON - HOUR - 1)
    scene.arrive(4, at=NOON - 30, malformed=("not_json", "line 1"))
    found = camera.take().trouble
    assert found.claims == 9
    kinds = [
        ("buried", "helpdesk_refused"),
        ("failed", "classify"),
        ("failed", "write"),
        ("lapsed", ""),
        ("waiting", "rate"),
    ]
    assert found.faults == tuple(
        Fault(kind=kind, detail=detail, count=1, rate=1 / 9) for kind, detail in kinds
    )


def test_of_very_many_errors_the_newest_stand_for_all(
    scene: Scene, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "SAMPLE", 4)
    for seconds, reason in enumerate(["retry"] * 6 + ["rate", "rate", "rate", "breaker"]):
        [run] = scene.arrive(at=NOON - 90)
        scene.tell(run, claimed(run), waits(reason, NOON + 9), at=NOON - 80 + seconds)
    faults = camera.take().trouble.faults
    assert [(fault.detail, fault.count) for fault in faults] == [("rate", 8), ("breaker", 2)]
