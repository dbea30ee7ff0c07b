"""People hear of single tickets by a real webhook and a real mail server: soon, and once."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.causes import ReviewReason
from tasks.chronicle import Entry
from tasks.detour import NeedsHuman
from tasks.events import Kind
from tasks.run import Run
from tests.acceptance.fleet import Place, Running, a_line, a_place
from tests.acceptance.patience import until
from tests.house.reasons import turned
from tests.stubs.smtp_sink import SmtpSink, smtp_sink
from tests.stubs.webhook_sink import WebhookSink, webhook_sink
from worker.broker import server
from worker.carrying.notebook import change_of

pytestmark = pytest.mark.timeout(200)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "2", "-Q", "upkeep", "--without-gossip")
ALERTS = """
every_seconds = 1.0
[webhook]
kinds = ["review waiting", "escalated"]
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
from = "fleet@example.com"
to = ["oncall@example.com"]
kinds = ["no worker"]
[owners.fraud]
issue_types = ["security"]
to = ["fraud@example.com"]
webhook_credential = "FRAUD_HOOK"
"""
MINUTE = 60.0


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with webhook_sink() as sink:
        yield sink


@pytest.fixture
def fraud() -> Iterator[WebhookSink]:
    with webhook_sink() as sink:
        yield sink


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[SmtpSink]:
    with smtp_sink(tmp_path) as sink:
        yield sink


@pytest.fixture
def fleet(tmp_path: Path, sink: WebhookSink, fraud: WebhookSink, mail: SmtpSink) -> Iterator[Place]:
    """A home whose workers serve upkeep alone, and so start without a model."""
    with server.start(tmp_path / "redis") as redis:
        ours = {
            "TRIAGE_BROKER_URL": redis.url,
            "TRIAGE_ALERT_WEBHOOK": sink.url,
            "TRIAGE_ALERT_SECRET": "Bearer hush",
            "FRAUD_HOOK": fraud.url,
        }
        place = a_place(tmp_path, ours, alerts=ALERTS.format(port=mail.port))
        yield place
        place.clear()


def a_worker(fleet: Place) -> Running:
    before = {worker.incarnation for worker in fleet.shop.ledger.workers()}
    front = fleet.start(*WORKER, "-n", f"w{len(fleet.running)}@%h", command=CELERY)
    until(lambda: {w.incarnation for w in fleet.shop.ledger.workers()} - before, 60)
    return front


def waits(fleet: Place, name: str, issue_type: str | None = None) -> None:
    """A ticket that comes to wait for a person."""
    fleet.take_in(a_line(name, "A SECRET of the customer"))
    run = fleet.run(name)
    if issue_type:
        run = happens(fleet, run, Entry(kind=Kind.CLASSIFIED, body={"issue_type": issue_type}))
    until = fleet.shop.clock.now() + 900
    detour = NeedsHuman(reason=ReviewReason.UNSURE, why="0.4 < 0.8", until=until)
    turned(fleet, run, detour, "validate")


def happens(fleet: Place, run: Run, *entries: Entry) -> Run:
    shop = fleet.shop
    change = change_of(run, entries, None, vault=shop.vault, clock=shop.clock)
    assert shop.ledger.commit([change]) == [True]
    return change.after


def escalated(fleet: Place, name: str) -> None:
    """A ticket that was written, with somebody called."""
    fleet.take_in(a_line(name, "A SECRET of the customer"))
    values = {"issue_type": "security", "priority": 1, "queue": "fraud", "escalated": "theft"}
    happens(
        fleet,
        fleet.run(name),
        Entry(kind=Kind.CLAIMED, body={"owner": "a-test-1", "fence": 1}),
        Entry(kind=Kind.VALIDATED, body=values),
        Entry(kind=Kind.WRITTEN, body={"outcome": "applied", "results": {}}),
    )


def texts(sink: WebhookSink) -> list[str]:
    return [one["text"] for one in list(sink.documents)]


def test_whoever_owns_the_type_hears_by_both_ways_and_everybody_of_the_rest(
    fleet: Place, sink: WebhookSink, fraud: WebhookSink, mail: SmtpSink
) -> None:
    a_worker(fleet)
    waits(fleet, "T-1", "security")
    waits(fleet, "T-2")
    escalated(fleet, "T-3")
    until(lambda: len(fraud.documents) == 2 and len(mail.mails) == 2 and sink.documents, MINUTE)
    runbook = "docs/runbook.md"
    calls, waiting = sorted(texts(fraud))
    assert calls == f"escalated: 1 ticket is escalated: T-3 (theft) ({runbook}#escalated)"
    said = "review waiting: 1 ticket waits for a person: T-1 (unsure); `triage review list`"
    assert waiting == f"{said} ({runbook}#review-waiting)"
    assert [one["state"] for one in fraud.documents] == ["told", "told"]
    assert all("authorization" not in headers for headers in fraud.headers), "it is not theirs"
    [everybody] = texts(sink)
    assert "T-2 (unsure)" in everybody
    assert mail.receivers == [["fraud@example.com"]] * 2
    assert "SECRET" not in str([*fraud.documents, *sink.documents, *map(str, mail.mails)])
    logs = "".join(running.err.read_text() for running in fleet.running)
    assert logs.count('"event": "people.called"') == 3


def test_nothing_is_told_twice_or_never_whoever_is_killed_and_whatever_is_away(
    fleet: Place, sink: WebhookSink, fraud: WebhookSink
) -> None:
    fraud.answers = 503
    front = a_worker(fleet)
    escalated(fleet, "T-1")
    until(lambda: fraud.asked, 30)
    waits(fleet, "T-2")
    until(lambda: sink.documents, MINUTE)
    os.kill(front.process.pid, signal.SIGKILL)
    front.process.wait(10)
    fraud.answers = 200
    a_worker(fleet)
    until(lambda: fraud.documents, MINUTE)
    escalated(fleet, "T-3")
    began = time.monotonic()
    until(lambda: len(fraud.documents) == 2, MINUTE)
    assert time.monotonic() - began < MINUTE
    assert ["T-1" in texts(fraud)[0], "T-3" in texts(fraud)[1]] == [True, True]
    # Who is killed between sending and writing that down sends it once more, by the same id.
    assert len({document["id"] for document in sink.documents}) == 1


def test_a_test_alert_reaches_owners_too(
    fleet: Place, sink: WebhookSink, fraud: WebhookSink, mail: SmtpSink
) -> None:
    said = fleet.ask("alert", "test", "--yes", "--json").json()
    assert [one["channel"] for one in said["channels"]] == [
        "webhook",
        "smtp",
        "webhook:fraud",
        "smtp:fraud",
    ]
    assert {one["says"] for one in said["channels"]} == {"taken"}
    assert (len(sink.documents), len(fraud.documents), len(mail.mails)) == (1, 1, 2)
    assert "fraud for security" in fleet.ask("check").out
