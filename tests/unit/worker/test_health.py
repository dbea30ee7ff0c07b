"""A health check says no when it should, and says why in one sentence without a secret."""

import os
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import gethostname
from threading import Thread

import pytest

from config.environment import Environment
from config.errors import ConfigError
from tasks.errors import LedgerDown
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from worker.clock import SystemClock
from worker.health import UNKNOWN, examine, main
from worker.home import Home
from worker.ledgers.engine import connect
from worker.ledgers.migrating import migrate
from worker.ledgers.sql import SqlLedger


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def ledger(home: Home) -> Iterator[SqlLedger]:
    with closing(SqlLedger(connect(f"sqlite:///{home.ledger}"))) as ledger:
        migrate(ledger.engine)
        yield ledger


def _born(
    ledger: SqlLedger,
    *,
    tiers: tuple[str, ...] = ("premium",),
    host: str | None = None,
    silent: float = 1.0,
) -> Incarnation:
    """A worker whose heart has beaten so many seconds ago."""
    beat_at = SystemClock().now() - silent
    me = Incarnation(f"{host}-{'+'.join(tiers)}")
    row = WorkerRow(
        incarnation=me,
        host=host or gethostname(),
        pid=7,
        version="1",
        tiers=tiers,
        beat=3,
        started_at=beat_at - 9,
        beat_at=beat_at,
    )
    ledger.born(row)
    return me


def _examine(home: Home, *words: str, **variables: str) -> str | None:
    return examine(words, Environment.read({"TRIAGE_HOME": str(home.root), **variables}))


def test_a_worker_whose_heart_beats_is_well(home: Home, ledger: SqlLedger) -> None:
    _born(ledger)
    assert _examine(home, "worker") is None
    assert _examine(home, "worker", "premium") is None


def test_a_worker_that_has_not_started_yet_is_not(home: Home, ledger: SqlLedger) -> None:
    assert _examine(home, "worker") == f"no worker lives on {gethostname()}"


def test_another_tiers_worker_does_not_count(home: Home, ledger: SqlLedger) -> None:
    _born(ledger, tiers=("economy", "standard"))
    assert _examine(home, "worker", "standard") is None
    assert _examine(home, "worker", "premium") == f"no premium worker lives on {gethostname()}"


def test_upkeeps_worker_serves_no_tier_and_is_well(home: Home, ledger: SqlLedger) -> None:
    _born(ledger, tiers=())
    assert _examine(home, "worker") is None
    assert _examine(home, "worker", "economy")


def test_another_machines_worker_does_not_count(home: Home, ledger: SqlLedger) -> None:
    _born(ledger, host="elsewhere")
    assert _examine(home, "worker")


def test_a_worker_that_has_ended_does_not_count(home: Home, ledger: SqlLedger) -> None:
    ledger.ended(_born(ledger), SystemClock().now())
    assert _examine(home, "worker")


def test_a_worker_without_a_heartbeat_is_not_well(home: Home, ledger: SqlLedger) -> None:
    _born(ledger, silent=30)
    said = _examine(home, "worker")
    assert said
    assert said.startswith(f"the worker on {gethostname()} has had no heartbeat for 3")


def test_without_a_ledger_nobody_can_tell(home: Home) -> None:
    with pytest.raises(LedgerDown, match="OperationalError"):
        _examine(home, "worker")
    assert not home.ledger.exists()


def test_what_is_said_of_a_ledger_holds_no_password(home: Home) -> None:
    with pytest.raises(LedgerDown) as raised:
        _examine(home, "worker", TRIAGE_LEDGER_URL="postgresql://triage:hunter2@[/triage")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["beat-schedule", "beat-schedule.db"])
def test_beat_is_well_while_it_touches_its_schedule(home: Home, name: str) -> None:
    (home.root / name).touch()
    assert _examine(home, "beat") is None


def test_beat_without_a_schedule_is_not_well(home: Home) -> None:
    assert _examine(home, "beat") == f"beat has no schedule in {home.root}"


def test_beat_that_has_left_its_schedule_alone_is_not_well(home: Home) -> None:
    schedule = home.root / "beat-schedule"
    schedule.touch()
    then = SystemClock().now() - 600
    os.utime(schedule, (then, then))
    said = _examine(home, "beat")
    assert said
    assert said.startswith("beat has not touched its schedule for 60")


class _Broken(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.enable_socket
def test_flower_that_answers_with_an_error_is_not_well(home: Home) -> None:
    with HTTPServer(("127.0.0.1", 0), _Broken) as server:
        port = server.server_port
        (home.root / "settings.toml").write_text(f"[pages]\nport = {port}\naddress = '0.0.0.0'\n")
        Thread(target=server.handle_request).start()
        said = _examine(home, "flower", TRIAGE_CONFIG=str(home.root))
    assert said == f"Flower answers with 503 on port {port}"


@pytest.mark.enable_socket
def test_flower_that_does_not_answer_is_not_well(home: Home) -> None:
    (home.root / "settings.toml").write_text("[pages]\nport = 1\n")
    said = _examine(home, "flower", TRIAGE_CONFIG=str(home.root))
    assert said == "Flower does not answer on port 1: ConnectionRefusedError"


def test_a_broken_configuration_is_said(home: Home) -> None:
    (home.root / "settings.toml").write_text("[heart]\nlapse_seconds = -1\n")
    with pytest.raises(ConfigError, match="lapse_seconds"):
        _examine(home, "worker", TRIAGE_CONFIG=str(home.root))


@pytest.mark.parametrize("words", [[], ["redis"], ["worker", "dear"], ["beat", "now"]])
def test_what_is_called_otherwise_is_refused_with_the_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == UNKNOWN
    assert "worker [economy|standard|premium] | beat | flower" in capsys.readouterr().err


def test_the_exit_code_is_for_docker_and_the_sentence_for_people(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(home.root))
    assert main(["beat"]) == 1
    assert capsys.readouterr().err == f"beat has no schedule in {home.root}\n"
    (home.root / "beat-schedule").touch()
    assert main(["beat"]) == 0
    assert main(["worker"]) == 1
