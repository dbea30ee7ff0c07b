"""The Procfile, run for real: every line of it, on a real Redis and a real PostgreSQL.

The fleet lives once; what it did is written down, and each test reads one sentence of it.
"""

import json
import os
import re
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.patience import is_alive, until
from tests.acceptance.procfile_fleet import BIN, PROCESSES, WORKERS, Fleet, health
from tests.servers.postgres import Postgres
from tests.stubs.openai_server import a_completion, openai_server
from worker.broker import server
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger
from worker.simulator.answer import answering

pytestmark = pytest.mark.timeout(180)

TICKETS = 20
POLLED = 2
"""So many more are found by beat, in a file of their own."""

CUSTOMERS = {"premium": "business", "standard": "plus", "economy": "basic"}
VERDICT = {
    "issue_type": "exchange",
    "priority": 3,
    "escalate": False,
    "evidence": [],
    "reason": "asks about a rate",
    "draft": None,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What a fleet did between its start and its end."""

    before: Mapping[str, int]  # exit codes of the health checks
    after: Mapping[str, int]
    pids: Mapping[str, int]
    books: Mapping[str, Any]
    status: Mapping[str, Any]
    tickets: list[dict[str, Any]]
    owners: Mapping[str, int]  # tier -> the process that had a ticket of that tier last
    log: str
    seconds_to_end: float
    left: list[int]  # processes


def _line(number: int, tier: str) -> str:
    ticket = {
        "id": f"{tier}-{number}",
        "subject": "A rate",
        "body": f"Which exchange rate did you use for payment {number}?",
        "channel": "email",
        "requester": {"email": f"{CUSTOMERS[tier]}@example.com", "name": "Ada"},
        "created_at": "2026-11-01T10:00:00Z",
    }
    return json.dumps(ticket) + "\n"


def _inbox(path: Path, first: int, count: int) -> Path:
    tiers = list(CUSTOMERS)
    numbers = range(first, first + count)
    path.write_text("".join(_line(number, tiers[number % len(tiers)]) for number in numbers))
    return path


def _overlay(folder: Path) -> Path:
    """Flower on a port that is free, quick polls, and customers of every tier."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    facts = folder / "facts"
    facts.mkdir(parents=True)
    accounts = {
        f"{tier}@example.com": {"customer_id": f"C-{tier}", "plan": tier, "tier": tier}
        for tier in CUSTOMERS.values()
    }
    for name, content in {
        "accounts": accounts,
        "billing_events": {},
        "incidents": [],
        "interactions": {},
    }.items():
        (facts / f"{name}.json").write_text(json.dumps(content))
    (folder / "settings.toml").write_text(
        f'[pages]\nport = {port}\n[intake]\npoll_seconds = 2\n[sources]\nfacts = "{facts}"\n'
    )
    return folder


def _environment(folder: Path, urls: Mapping[str, str]) -> dict[str, str]:
    ours = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "TRIAGE_HOME": str(folder / "home"),
        "TRIAGE_CONFIG": str(_overlay(folder / "overlay")),
        "TRIAGE_SOURCE": f"file:{_inbox(folder / 'polled.jsonl', 100, POLLED)}",
        "TRIAGE_SECRET_KEY": "sixteen characters or more",
        "TRIAGE_FLOWER_PASSWORD": "eight or more",
        "TRIAGE_MODEL": "openai/stub",
        "TRIAGE_MODEL_API_KEY": "made up",
        "TRIAGE_MODEL_PRICE": "0.25,2",
        **{f"TRIAGE_{tier.upper()}_THREADS": "8" for tier in CUSTOMERS},
    }
    theirs = {name: text for name, text in os.environ.items() if not name.startswith("TRIAGE_")}
    return {**theirs, **ours, **urls}


def _live(fleet: Fleet, folder: Path) -> Life:
    before = health(fleet.environment, set(PROCESSES))
    fleet.start()
    until(fleet.lives, 90)
    until(lambda: not any(health(fleet.environment, set(PROCESSES)).values()))
    inbox = _inbox(folder / "inbox.jsonl", 0, TICKETS)
    assert fleet.triage("intake", f"file:{inbox}")["ingested"] == TICKETS
    until(lambda: fleet.has_settled(TICKETS + POLLED), 60)
    found = {
        "status": fleet.triage("status"),
        "tickets": fleet.triage("ticket", "list"),
        "books": fleet.triage("books", "--deep"),
        "owners": {tier: fleet.owner(f"{tier}-{n}") for n, tier in enumerate(CUSTOMERS)},
        "pids": fleet.pids(),
    }
    seconds = fleet.end()
    return Life(
        before=before,
        after=health(fleet.environment, WORKERS | {"flower"}),
        seconds_to_end=seconds,
        left=[pid for pid in found["pids"].values() if is_alive(pid)],
        log=fleet.log.read_text(),
        **found,
    )


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Life]:
    """A fleet's, from the first line of the Procfile to the last process' end."""
    folder = tmp_path_factory.mktemp("procfile")
    verdict = answering(a_completion(json.dumps(VERDICT)))
    with ExitStack() as stack:
        redis = stack.enter_context(server.start(folder / "redis"))
        stub = stack.enter_context(openai_server(verdict))
        environment = _environment(
            folder,
            {
                "TRIAGE_BROKER_URL": redis.url,
                "TRIAGE_LEDGER_URL": postgres.url(postgres.create()),
                "TRIAGE_MODEL_API_BASE": stub.url,
            },
        )
        subprocess.run([BIN / "triage", "migrate"], env=environment, check=True)
        ledger = stack.enter_context(closing(SqlLedger(connect(environment["TRIAGE_LEDGER_URL"]))))
        fleet = Fleet(environment=environment, ledger=ledger, log=folder / "honcho.log")
        stack.callback(fleet.clear)
        yield _live(fleet, folder)


def test_before_it_starts_no_process_is_well(life: Life) -> None:
    assert set(life.before.values()) == {1}


def test_every_ticket_is_written(life: Life) -> None:
    assert life.books["written"] == TICKETS + POLLED


def test_the_books_balance(life: Life) -> None:
    assert life.books["balanced"] is True
    assert life.books["missing"] == 0


def test_each_tier_has_a_worker_of_its_own_and_upkeep_has_one(life: Life) -> None:
    workers = {",".join(worker["tiers"]): worker["pid"] for worker in life.status["workers"]}
    assert workers == {
        "": life.pids["upkeep"],
        **{tier: life.pids[f"worker-{tier}"] for tier in CUSTOMERS},
    }


def test_a_ticket_is_worked_on_by_its_tiers_worker(life: Life) -> None:
    assert life.owners == {tier: life.pids[f"worker-{tier}"] for tier in CUSTOMERS}
    tiers = Counter(ticket["tier"] for ticket in life.tickets)
    assert all(tiers[tier] >= TICKETS // len(CUSTOMERS) for tier in CUSTOMERS)


def test_what_beat_has_polled_arrives(life: Life) -> None:
    polled = [ticket for ticket in life.tickets if ticket["source"].endswith("polled.jsonl")]
    assert len(polled) == POLLED


def test_asked_to_end_every_process_ends_by_itself(life: Life) -> None:
    assert life.seconds_to_end < 30  # below every grace in docker-compose.yml
    assert life.left == []
    assert "SIGKILL" not in life.log
    codes = dict(re.findall(r"(\S+)\.1 stopped \(rc=(-?\d+)\)", life.log))
    assert codes == dict.fromkeys(PROCESSES, "0")


def test_after_its_end_no_process_is_well(life: Life) -> None:
    assert set(life.after.values()) == {1}
