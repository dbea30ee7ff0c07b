"""The law of every channel: a message is told once, or said not to be, and soon either way."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.alerts import AlertKind, Smtp
from tests.stubs.smtp_sink import PASSWORD, USER, SmtpSink, smtp_sink
from tests.stubs.webhook_sink import WebhookSink, webhook_sink
from tests.twins.clock import NOON
from worker.alerts.alert import Alert
from worker.alerts.channel import Channel, Message, State, Undelivered
from worker.alerts.channels.log import LogChannel
from worker.alerts.channels.smtp import SmtpChannel
from worker.alerts.channels.webhook import WebhookChannel
from worker.telemetry.log import JsonLines, Log

PATIENCE = 1.0
"""The timeout of the channels here, in seconds."""

SECURITIES = ("none", "starttls", "ssl")
RUNBOOK = "https://wiki.example.org/runbook"


def a_message(**changes: Any) -> Message:  # noqa: ANN401 - the message's own
    alert = Alert(
        kind=AlertKind.BREAKER_OPEN,
        name="breaker:openai",
        text="openai is left alone für 300 s\r\nBcc: everybody@example.com",
        since=NOON - 300,
    )
    said = {"id": "0123456789abcd", "state": State.RAISED, "alert": alert, "at": NOON}
    return Message(**{**said, "runbook": RUNBOOK, **changes})


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A channel, and what its other end has taken: the words of each message, as one text."""

    channel: Channel
    taken: Callable[[], list[str]]
    server: WebhookSink | SmtpSink | None = None


SERVED = ("webhook", *(f"smtp {security}" for security in SECURITIES))
"""Those with somebody at the other end; a log is always there."""


@pytest.fixture(params=["log", *SERVED])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Stage]:
    """Every channel in turn."""
    if request.param == "log":
        caplog.set_level(logging.INFO)
        yield Stage(
            channel=LogChannel(Log("alerts")),
            taken=lambda: [JsonLines().format(record) for record in caplog.records],
        )
    else:
        yield from _served(request.param, tmp_path)


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Every channel with a server in turn."""
    yield from _served(request.param, tmp_path)


def _served(name: str, folder: Path) -> Iterator[Stage]:
    kind, _, security = name.partition(" ")
    if kind == "webhook":
        with webhook_sink() as sink:
            yield Stage(
                channel=WebhookChannel(sink.url, {}, timeout_seconds=PATIENCE),
                taken=lambda: [json.dumps(document) for document in sink.documents],
                server=sink,
            )
        return
    with smtp_sink(folder, security) as mail:
        mail.wants_login = True
        yield Stage(
            channel=a_mailer(mail, security),
            taken=lambda: [f"{m}\n{m.get_content()}" for m in mail.mails],
            server=mail,
        )


def a_mailer(sink: SmtpSink, security: str, *, password: str = PASSWORD) -> SmtpChannel:
    server = Smtp.model_validate(
        {
            "host": "127.0.0.1",
            "port": sink.port,
            "security": security,
            "from": "fleet@example.com",
            "to": ["ada@example.com", "bob@example.com"],
            "timeout_seconds": PATIENCE,
        }
    )
    return SmtpChannel(server, (USER, password), sink.tls)


def test_a_message_is_told_once_with_all_that_it_says(stage: Stage) -> None:
    stage.channel.tell(a_message())
    [said] = stage.taken()
    for word in (
        "breaker open",
        "breaker:openai",
        "openai is left alone f",
        "0123456789abcd",
        "raised",
        f"{RUNBOOK}#breaker-open",
        "2026-01-01T11:55:00+00:00",
    ):
        assert word in said, word


@pytest.mark.parametrize("state", State)
def test_what_is_told_is_said(stage: Stage, state: State) -> None:
    stage.channel.tell(a_message(state=state))
    [said] = stage.taken()
    assert f"{state}" in said


def test_each_is_told_in_its_turn(stage: Stage) -> None:
    for number in range(3):
        stage.channel.tell(a_message(id=f"message-{number}"))
    assert [f"message-{n}" in said for n, said in enumerate(stage.taken())] == [True] * 3


def test_a_server_that_says_no_has_not_taken_it_and_was_asked_once(served: Stage) -> None:
    server = served.server
    assert server
    if isinstance(server, WebhookSink):
        server.answers = 503
    else:
        server.refuses = "451 not now"
    with pytest.raises(Undelivered, match=r"it answered (503|451)"):
        served.channel.tell(a_message())
    assert (server.asked, served.taken()) == (1, [])


@pytest.mark.alone
@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_server_that_does_not_come_to_an_end_is_left(served: Stage, how: str) -> None:
    """Also one that says a little now and then, so that no read ever takes long."""
    server = served.server
    assert server
    if isinstance(server, WebhookSink):
        server.answers = {"hangs": 0, "drips": -1}[how]
    else:
        server.hangs, server.drips = how == "hangs", how == "drips"
    began = time.monotonic()
    with pytest.raises(Undelivered):
        served.channel.tell(a_message())
    assert time.monotonic() - began < PATIENCE + 2.0
    assert server.asked == 1


def test_a_server_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with webhook_sink() as sink, smtp_sink(tmp_path) as mail:
        webhook = WebhookChannel(sink.url, {}, timeout_seconds=PATIENCE)
        gone: list[Channel] = [webhook, a_mailer(mail, "none")]
    for channel in gone:
        with pytest.raises(Undelivered, match="no answer"):
            channel.tell(a_message())


# ── The webhook ──────────────────────────────────────────────────────────────────────────────────


def test_a_webhook_gets_a_document_and_the_secret_in_its_header() -> None:
    with webhook_sink() as sink:
        secret = {"X-Secret": "hush"}
        WebhookChannel(sink.url, secret, timeout_seconds=PATIENCE).tell(a_message())
        [document], [headers] = sink.documents, sink.headers
    assert headers["x-secret"] == "hush"
    assert headers["content-type"] == "application/json"
    assert document.keys() == {"id", "state", "at", "text", "alert"}
    assert document["alert"].keys() == {"kind", "name", "text", "since", "runbook"}
    assert document["text"].startswith("ALERT breaker open: openai is left alone")


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_webhook_follows_nobody_elsewhere(status: int) -> None:
    """The secret is for one address."""
    with webhook_sink() as sink:
        sink.answers = status
        with pytest.raises(Undelivered, match=f"it answered {status}"):
            WebhookChannel(sink.url, {}, timeout_seconds=PATIENCE).tell(a_message())
        assert sink.asked == 1


def test_what_went_wrong_with_a_webhook_quotes_neither_address_nor_secret() -> None:
    with webhook_sink() as sink:
        channel = WebhookChannel(sink.url, {"A": "hush"}, timeout_seconds=PATIENCE)
    with pytest.raises(Undelivered) as raised:
        channel.tell(a_message())
    assert "SECRET" not in str(raised.value)
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


# ── Mail ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("security", SECURITIES)
def test_a_mail_goes_to_all_its_receivers_as_safely_as_config_says(
    tmp_path: Path, security: str
) -> None:
    with smtp_sink(tmp_path, security) as sink:
        sink.wants_login = True
        a_mailer(sink, security).tell(a_message())
        assert sink.receivers == [["ada@example.com", "bob@example.com"]]
        assert sink.encrypted == [security != "none"]
        [mail] = sink.mails
    assert mail["Message-ID"] == "<0123456789abcd@triage-fleet>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Subject"]).startswith("[triage-fleet] ALERT breaker open: openai is left")
    assert mail["Bcc"] is None, "a text makes no header"


def test_a_mail_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    tmp_path: Path,
) -> None:
    for security in ("starttls", "ssl"):
        with smtp_sink(tmp_path, security) as sink:
            sink.wants_login = True
            sink.tls = None
            with pytest.raises(Undelivered):
                a_mailer(sink, security).tell(a_message())
            assert (sink.logins, sink.mails) == (0, [])


def test_a_mail_server_without_starttls_gets_no_password(tmp_path: Path) -> None:
    with smtp_sink(tmp_path, "none") as sink:
        sink.wants_login = True
        with pytest.raises(Undelivered):
            a_mailer(sink, "starttls").tell(a_message())
        assert (sink.logins, sink.mails) == (0, [])


def test_a_wrong_password_is_said_and_not_quoted(tmp_path: Path) -> None:
    """This server says in its refusal what it was told."""
    with smtp_sink(tmp_path, "starttls") as sink:
        sink.wants_login = True
        with pytest.raises(Undelivered, match="it answered 535") as raised:
            a_mailer(sink, "starttls", password="wrong horse").tell(a_message())
    assert "horse" not in str(raised.value)
    assert raised.value.__cause__ is None
