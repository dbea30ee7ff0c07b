"""People begin to correct a kind of ticket: it is read back, judged, and told to who is on call."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.decided import decided
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.patience import until
from tests.stubs.webhook_sink import WebhookSink, webhook_sink
from worker.broker import server

pytestmark = pytest.mark.timeout(180)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "2", "-Q", "upkeep", "--without-gossip")
ALERTS = "every_seconds = 0.3\nquiet_seconds = 1.0\n"
DAY = 86_400.0


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with webhook_sink() as sink:
        yield sink


@pytest.fixture
def fleet(tmp_path: Path, sink: WebhookSink) -> Iterator[Place]:
    """A home whose worker serves upkeep alone, and so starts without a model."""
    with server.start(tmp_path / "redis") as redis:
        ours = {"TRIAGE_BROKER_URL": redis.url, "TRIAGE_ALERT_WEBHOOK": sink.url}
        place = a_place(tmp_path, ours, alerts=ALERTS)
        yield place
        place.clear()


def test_a_type_that_people_begin_to_correct_raises_one_alarm(
    fleet: Place, sink: WebhookSink
) -> None:
    decided(fleet, *(f"OLD-{number}" for number in range(1_100)), ago=15 * DAY)
    tickets = [f"NEW-{number}" for number in range(80)]
    decided(fleet, *tickets)
    assert fleet.ask("truth", "--watch").code == 0
    for ticket in tickets[:12]:
        fleet.ask("helpdesk", "edit", ticket, "queue", "fraud", "--as", "ada")
    for ticket in tickets[12:14]:
        fleet.ask("helpdesk", "edit", ticket, "priority", "1", "--as", "ada")
    runs = len(fleet.runs())
    fleet.ask("intake", "helpdesk")
    assert len(fleet.runs()) == runs, "what people edit starts nothing"
    found = fleet.ask("truth", "--watch", "--json", code=3).json()
    [alarm] = [one for one in found["judged"] if one["alarm"]]
    assert (alarm["field"], alarm["issue_type"], alarm["corrected"]) == ("queue", "card", 12)
    assert found["alarms"] == 1
    assert "ALARM queue, card" in fleet.ask("truth", "--watch", code=3).out

    # A shell says only what the fleet has seen.
    assert "accuracy" not in fleet.ask("status", code=0).out
    fleet.start(*WORKER, "-n", "w@%h", command=CELERY)
    until(lambda: [one for one in sink.documents if one["alert"]["kind"] == "accuracy"], 90)
    [told] = [one["alert"] for one in sink.documents if one["alert"]["kind"] == "accuracy"]
    assert told["name"] == "accuracy:queue:card"
    assert told["text"].startswith("people corrected queue of 12 of the last 80 tickets of card;")
    assert "accuracy: people corrected queue" in fleet.ask("status", code=3).out
