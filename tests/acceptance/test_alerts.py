"""Alerts leave a real fleet by a real webhook: once, whoever is killed and whatever is away."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.fleet import Place, Running, a_line, a_place
from tests.acceptance.patience import until
from tests.stubs.smtp_sink import PASSWORD, USER, SmtpSink, smtp_sink
from tests.stubs.webhook_sink import WebhookSink, webhook_sink
from worker.broker import server
from worker.upkeep.herald import ROLE

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "2", "-Q", "upkeep", "--without-gossip")
ALERTS = """
every_seconds = 0.3
quiet_seconds = 1.0
[webhook]
timeout_seconds = 1.0
"""
MONEY = "guard:money"


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with webhook_sink() as sink:
        yield sink


@pytest.fixture
def fleet(tmp_path: Path, sink: WebhookSink) -> Iterator[Place]:
    """A home whose workers serve upkeep alone, and so start without a model."""
    with server.start(tmp_path / "redis") as redis:
        ours = {
            "TRIAGE_BROKER_URL": redis.url,
            "TRIAGE_ALERT_WEBHOOK": sink.url,
            "TRIAGE_ALERT_SECRET": "Bearer hush",
        }
        place = a_place(tmp_path, ours, alerts=ALERTS)
        yield place
        place.clear()


def a_worker(fleet: Place) -> Running:
    before = {worker.incarnation for worker in fleet.shop.ledger.workers()}
    front = fleet.start(*WORKER, "-n", f"w{len(fleet.running)}@%h", command=CELERY)
    until(lambda: {w.incarnation for w in fleet.shop.ledger.workers()} - before, 60)
    return front


def holder(fleet: Place) -> int | None:
    """The process that has the role."""
    held = fleet.shop.ledger.holder(ROLE)
    return next(
        (w.pid for w in fleet.shop.ledger.workers() if held and w.incarnation == held[0]), None
    )


def told(sink: WebhookSink, name: str = MONEY) -> list[str]:
    """What was told of that alert, in order."""
    return [one["state"] for one in list(sink.documents) if one["alert"]["name"] == name]


def _tries(fleet: Place) -> int:
    """How often the webhook has refused what it is to be told first."""
    telling = fleet.shop.ledger.untold("webhook")
    return telling.tries if telling else 0


def switch_off(fleet: Place, span: str = "1h") -> None:
    fleet.ask("guard", "off", "money", "--for", span, "--why", "a test of ours", "--yes")


def test_an_alert_is_told_once_and_its_end_once_also_when_its_teller_is_killed(
    fleet: Place, sink: WebhookSink
) -> None:
    for _ in range(2):
        a_worker(fleet)
    until(lambda: holder(fleet), 30)
    switch_off(fleet)
    until(lambda: told(sink) and not fleet.shop.ledger.untold("webhook"), 20)
    killed = holder(fleet)
    assert killed
    os.kill(killed, signal.SIGKILL)
    until(lambda: holder(fleet) not in (None, killed), 20)
    fleet.ask("guard", "on", "money", "--yes")
    until(lambda: "resolved" in told(sink), 20)
    assert told(sink) == ["raised", "resolved"]
    assert {headers["authorization"] for headers in sink.headers} == {"Bearer hush"}


def test_what_a_killed_worker_could_not_tell_the_survivor_tells(
    fleet: Place, sink: WebhookSink
) -> None:
    """The webhook is away meanwhile, which keeps nothing else from going on."""
    sink.answers = 503
    for _ in range(2):
        a_worker(fleet)
    switch_off(fleet)
    until(lambda: _tries(fleet) >= 1, 30)
    killed = holder(fleet)
    assert killed
    os.kill(killed, signal.SIGKILL)
    until(lambda: holder(fleet) not in (None, killed), 20)
    sink.answers = 200
    until(lambda: told(sink), 40)
    fleet.ask("guard", "on", "money", "--yes")
    until(lambda: "resolved" in told(sink), 20)
    assert told(sink) == ["raised", "resolved"]
    logs = "".join(running.err.read_text() for running in fleet.running)
    assert logs.count('"event": "alert.raised"') == 1, "the log was told at once"
    assert '"event": "alert.undelivered"' in logs


def test_a_guard_is_on_again_by_itself_and_that_is_remembered(
    fleet: Place, sink: WebhookSink
) -> None:
    a_worker(fleet)
    switch_off(fleet, "3s")
    until(lambda: told(sink) == ["raised", "resolved"], 30)
    kinds = [notice.kind for notice in fleet.shop.ledger.notices(0.0)]
    assert kinds == ["guard.off", "guard.expired"]
    assert fleet.ask("status", "--json").json()["guards_off"] == []


def test_where_no_worker_lives_status_says_so_to_whoever_looks_from_outside(
    fleet: Place, sink: WebhookSink
) -> None:
    front = a_worker(fleet)
    until(lambda: holder(fleet), 30)
    assert fleet.ask("status", "--json").json()["alerts"] == []
    os.kill(front.process.pid, signal.SIGKILL)
    until(lambda: _kinds(fleet) == ["no worker"], 20)
    fleet.take_in(a_line("T-1", "Which fee?"))
    said = fleet.ask("status", code=3).out
    assert "ALERT no worker: 1 tickets are unrouted and nobody works on them" in said
    assert "docs/runbook.md#no-worker" in said
    assert sink.documents == []


def _kinds(fleet: Place) -> list[str]:
    running = fleet.start("status", "--json").ended(30)
    alerts: list[dict[str, Any]] = running.json()["alerts"]
    assert running.code == (3 if alerts else 0)
    return [alert["kind"] for alert in alerts]


# ── The commands ─────────────────────────────────────────────────────────────────────────────────


def test_status_says_who_took_a_guard_away_and_why(place: Place) -> None:
    switch_off(place)
    said = place.ask("status", code=3).out
    assert "guard off: money until " in said
    assert "a test of ours" in said
    assert "docs/runbook.md#guard-off" in said
    [alert] = place.ask("status", "--json", code=3).json()["alerts"]
    assert (alert["kind"], alert["name"], alert["since"]) == ("guard off", MONEY, None)
    [off] = place.ask("status", "--json", code=3).json()["guards_off"]
    assert (off["guard"], off["why"]) == ("money", "a test of ours")
    place.ask("guard", "on", "money", "--yes")
    assert "ALERT" not in place.ask("status").out


def test_a_guard_goes_only_when_told_to_for_no_more_than_a_day_and_by_its_name(
    place: Place,
) -> None:
    words = ("guard", "off", "money", "--why", "a test", "--for")
    assert "nothing was changed" in place.ask(*words, "24h").out
    for wrong in ("24.1h", "2d", "0s"):
        assert "24h at most" in place.ask(*words, wrong, "--yes", code=2).err
    assert "no span" in place.ask(*words, "for ever", "--yes", code=2).err
    assert "invalid choice" in place.ask("guard", "off", "luck", *words[3:], "1h", code=2).err
    assert "say why" in place.ask(*words[:3], "--why", " ", "--for", "1h", "--yes", code=2).err
    assert "--why" in place.ask("guard", "off", "money", "--for", "1h", code=2).err
    assert {row["state"] for row in place.ask("guard", "list", "--json").json()} == {"on"}
    assert "was not off" in place.ask("guard", "on", "money", "--yes").out


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[SmtpSink]:
    with smtp_sink(tmp_path) as sink:
        sink.wants_login = True
        yield sink


@pytest.fixture
def wired(tmp_path: Path, sink: WebhookSink, mail: SmtpSink) -> Iterator[Place]:
    """Both channels are configured, with their secrets in the environment."""
    alerts = f"""
    [smtp]
    host = "127.0.0.1"
    port = {mail.port}
    security = "none"
    from = "fleet@example.com"
    to = ["ada@example.com"]
    """
    ours = {
        "TRIAGE_ALERT_WEBHOOK": sink.url,
        "TRIAGE_SMTP_USER": USER,
        "TRIAGE_SMTP_PASSWORD": PASSWORD,
    }
    place = a_place(tmp_path, ours, alerts=alerts)
    yield place
    place.clear()


def test_a_test_alert_goes_to_every_channel_when_told_to(
    wired: Place, sink: WebhookSink, mail: SmtpSink
) -> None:
    assert "nothing was sent" in wired.ask("alert", "test").out
    assert (sink.asked, mail.asked) == (0, 0)
    said = wired.ask("alert", "test", "--yes", "--json").json()
    assert said == {
        "sent": True,
        "channels": [
            {"channel": "webhook", "says": "taken"},
            {"channel": "smtp", "says": "taken"},
        ],
    }
    assert told(sink, "test") == ["test"]
    assert "test alert" in str(mail.mails[0]["Subject"])


def test_a_channel_that_does_not_take_it_is_named(wired: Place, sink: WebhookSink) -> None:
    sink.answers = 404
    said = wired.ask("alert", "test", "--yes", code=1).out
    assert said.splitlines() == ["webhook: it answered 404", "smtp: taken"]


def test_check_tells_where_alerts_go_and_no_secret(
    wired: Place, sink: WebhookSink, mail: SmtpSink
) -> None:
    said = wired.ask("check").out
    assert "alerts: the log, webhook at 127.0.0.1 (without TRIAGE_ALERT_SECRET), mail by" in said
    assert "for all on the way to read" in said, "a password over nothing"
    assert "SECRET " not in said.replace("TRIAGE_ALERT_SECRET ", "")
    assert PASSWORD not in said
    assert "token=SECRET" not in said
    assert (sink.asked, mail.asked) == (0, 0)
