"""A snapshot says what the ledger and the broker say, on either database."""

from pathlib import Path

import pytest
from sqlalchemy import text

from config.load import Config
from tasks.errors import LedgerDown
from tasks.run import State
from tests.twins.clock import NOON, StillClock
from tests.unit.worker.pages.scene import (
    IN_REVIEW,
    Scene,
    buried,
    claimed,
    enriched,
    failed,
    waits,
)
from worker.alerts.lookout import Lookout
from worker.alerts.raised import BROKER_DOWN
from worker.broker.queues import Broker
from worker.ledgers.engine import connect, writing
from worker.ledgers.sql import SqlLedger
from worker.pages.backlog import Grave, Wait
from worker.pages.snapshot import Camera, Snapshot


def test_of_an_empty_ledger_there_is_nothing_to_say(camera: Camera) -> None:
    found = camera.take()
    assert found.books.balanced
    assert found.books.ingested == 0
    assert found.oldest_seconds is None
    assert found.pace.latency is None
    assert found.pace.review_share is None
    assert found.trouble.faults == ()
    assert sum(found.cost_today.values()) == 0


def test_the_books_are_those_of_the_ledger(scene: Scene, camera: Camera) -> None:
    scene.write(3, came=NOON - 60, took=2)
    [run] = scene.arrive(at=NOON - 30)
    scene.tell(run, claimed(run), IN_REVIEW, at=NOON - 20)
    scene.arrive(2, at=NOON - 10, malformed=("not_json", "line 1"))
    found = camera.take()
    assert found.books == scene.ledger.books()
    assert found.books.states[State.WRITTEN] == 3
    assert found.books.balanced


def test_a_run_that_is_gone_unbalances_them(scene: Scene, camera: Camera) -> None:
    scene.arrive(2, at=NOON)
    with writing(scene.ledger.engine) as connection:
        connection.execute(text("DELETE FROM runs WHERE external_id = 'T-0'"))
    found = camera.take()
    assert not found.books.balanced
    assert any(alert.kind == "books differ" for alert in found.alerts)


def test_what_waits_is_told_by_reason_and_when_it_is_next_due(scene: Scene, camera: Camera) -> None:
    runs = scene.arrive(3, at=NOON - 60)
    for run, reason, until in zip(runs, ("retry", "rate", "retry"), (9, 5, 7), strict=True):
        scene.tell(run, claimed(run), failed("classify"), waits(reason, NOON + until), at=NOON - 50)
    assert camera.take().backlog.waits == (
        Wait(reason="retry", count=2, next_at=NOON + 7),
        Wait(reason="rate", count=1, next_at=NOON + 5),
    )


def test_dead_letters_are_told_by_cause_and_stage(scene: Scene, camera: Camera) -> None:
    scene.arrive(2, at=NOON - 90, malformed=("not_json", "line 1"))
    for minutes in (30, 20, 10):
        [run] = scene.arrive(at=NOON - 60 * minutes)
        scene.tell(run, claimed(run), failed("classify"), buried("bug"), at=NOON - 60 * minutes)
    assert camera.take().backlog.graves == (
        Grave(cause="bug", stage="classify", count=3, oldest_at=NOON - 1_800),
        Grave(cause="not_json", stage="intake", count=2, oldest_at=NOON - 90),
    )


def test_what_is_queued_is_told_by_tier(scene: Scene, camera: Camera) -> None:
    scene.arrive(2, at=NOON - 60)
    [run] = scene.arrive(at=NOON - 50, tier="premium")
    scene.tell(run, claimed(run), at=NOON - 40)
    backlog = camera.take().backlog
    assert backlog.queued == {"economy": 2}
    assert backlog.running == {"premium": 1}


def test_the_oldest_is_the_oldest_unrouted(scene: Scene, camera: Camera) -> None:
    scene.write(1, came=NOON - 5_000, took=1)
    [run] = scene.arrive(at=NOON - 400)
    scene.tell(run, claimed(run), enriched("economy", "business"), at=NOON - 390)
    scene.arrive(at=NOON - 300)
    found = camera.take()
    assert found.oldest_seconds == 400
    assert found.backlog.oldest == {"business": NOON - 400, "basic": NOON - 300}


def test_workers_are_those_that_gave_a_sign_of_life(scene: Scene, camera: Camera) -> None:
    scene.work(at=NOON - 1, tiers=("economy", "premium"), pid=7)
    scene.work(at=NOON - 60, pid=8)
    [worker] = camera.take().workers
    assert (worker.pid, worker.tiers) == (7, ("economy", "premium"))


def test_unrouted_tickets_without_a_worker_are_an_alert(scene: Scene, camera: Camera) -> None:
    scene.arrive(2, at=NOON - 5)
    assert any(alert.kind == "no worker" for alert in camera.take().alerts)
    scene.work(at=NOON - 1)
    assert not any(alert.kind == "no worker" for alert in camera.take().alerts)


def test_an_overdue_ticket_is_an_alert(scene: Scene, camera: Camera, config: Config) -> None:
    scene.work(at=NOON)
    scene.arrive(at=NOON - config.policy.unrouted_after.basic - 1)
    assert any(alert.kind == "unrouted" for alert in camera.take().alerts)


def test_a_broker_that_is_down_is_part_of_the_picture(scene: Scene, camera: Camera) -> None:
    scene.arrive(2, at=NOON)
    found = camera.take()
    assert found.broker is None
    assert BROKER_DOWN in found.alerts
    assert found.as_json()["broker"] is None
    assert found.books.ingested == 2


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_ledger_without_a_schema_is_down(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    broker: Broker,
    config: Config,
    clock: StillClock,
    database: str,
) -> None:
    """As Flower finds it when it is started before `triage migrate`."""
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    url = empty if database == "sqlite" else request.getfixturevalue("postgres_url")
    ledger = SqlLedger(connect(url))
    with pytest.raises(LedgerDown):
        Camera(ledger, broker, config, clock, Lookout(ledger, config)).take()
    ledger.close()


def test_a_ledger_that_is_not_there_is_down(
    broker: Broker, config: Config, clock: StillClock
) -> None:
    ledger = SqlLedger(connect("sqlite:////nowhere/ledger.db"))
    with pytest.raises(LedgerDown):
        Camera(ledger, broker, config, clock, Lookout(ledger, config)).take()


NAMES_OF_BOOKS = {
    "ingested",
    *(str(state) for state in State),
    "balanced",
    "broker",
}


def test_the_json_has_the_names_of_the_books_and_no_text_of_a_ticket(
    scene: Scene, camera: Camera
) -> None:
    scene.write(1, came=NOON - 9, took=1)
    found: Snapshot = camera.take()
    said = found.as_json()
    assert said.keys() >= NAMES_OF_BOOKS | {"oldest_seconds", "alerts", "workers"}
    assert "T-0" not in str(said)
