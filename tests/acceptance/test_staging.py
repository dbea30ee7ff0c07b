"""`triage simulate-provider` as a process, and a fleet whose every tier is pointed at it."""

import json
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.environment import Environment
from config.load import load
from config.staging import ADDRESS
from tests.acceptance.fleet import CUSTOMERS, TRIAGE, Place, Running, a_line, a_place, an_inbox
from tests.acceptance.hosted import GUARDS, POLICY
from tests.acceptance.patience import until
from tests.acceptance.two_ports import two_ports
from tests.house.shapes import as_promised
from worker.cli.simulate import FIRST_PORT
from worker.simulator.catalogue import listed
from worker.simulator.routes import hashed

pytestmark = pytest.mark.timeout(150)

TICKETS = 60
REAL = {"OPENAI_API_KEY": "sk-real-openai", "ANTHROPIC_API_KEY": "sk-real-anthropic"}
SIMULATED = {hashed(f"simulated-{name}") for name in (*REAL, "GEMINI_API_KEY")}
JUDGE = "gemini"
FAULTS = "error_500:0.1,rate_1:0.05,words:0.05,refusal:0.03,reset:0.03"


# ── The command ──────────────────────────────────────────────────────────────────────────────────


def _started(place: Place, *words: str) -> Running:
    running = place.start("simulate-provider", *words)
    until(lambda: running.says("\n"), 20)
    return running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(place: Place, number: signal.Signals) -> None:
    """It says where, and that it is ready; what is under way does not keep it."""
    began = time.monotonic()
    running = _started(place, "--provider", "alpha=0", "--profile", "hang")
    until(lambda: running.says("ready\n"), 20)
    assert time.monotonic() - began < 10
    name, url = running.out.read_text().splitlines()[1].split()
    assert name == "alpha"
    port = int(url.removesuffix("/v1").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        assert line.recv(8) == b"HTTP/1.1"
        assert running.end(number, seconds=10).code == 0


def test_its_document_is_as_promised(place: Place) -> None:
    running = _started(place, "--provider", "a=0", "--provider", "b=0", "--seed", "7", "--json")
    document = json.loads(running.out.read_text())
    assert as_promised(document, "triage simulate-provider --json")
    assert [one["provider"] for one in document["providers"]] == ["a", "b"]
    assert (document["profile"], document["seed"]) == ("ok", 7)
    running.end(seconds=10)


def test_every_fault_is_listed_with_what_it_does(place: Place) -> None:
    said = place.ask("simulate-provider", "--list").out
    assert "…" not in said
    for name, does in listed():
        assert f"{name} " in said
        assert does in said


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--profile", "bogus"), 2, "there is no fault 'bogus'; known are ok,"),
        (("--latency", "fast"), 2, "is no latency"),
        (("--provider", "a=b"), 2, "say NAME or NAME=PORT"),
        (("--provider", "a", "--provider", "a"), 2, "each name once"),
        (("--provider", "a=0", "--answers", "nowhere"), 2, "nowhere cannot be read"),
        (("--provider", "a=0", "--log", "no/where"), 2, "no/where cannot be written"),
    ],
)
def test_what_it_cannot_do_is_told(
    place: Place, words: tuple[str, ...], code: int, why: str
) -> None:
    assert why in place.ask("simulate-provider", *words, code=code).err


def test_the_first_port_is_the_one_that_the_profile_points_at() -> None:
    """The command has its own number, for reading the configuration takes as long as all else."""
    assert ADDRESS.endswith(f":{FIRST_PORT}")


def test_a_taken_port_refuses_the_start(place: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = place.ask("simulate-provider", "--provider", f"a={port}", code=4)
    assert f"Port {port}" in said.err


def test_another_host_is_warned_of(place: Place) -> None:
    """Who reaches the port reads its log and changes what it plays."""
    running = _started(place, "--provider", "a=0", "--host", "0.0.0.0")  # noqa: S104 - on purpose
    assert "is not this machine alone" in running.end(seconds=10).err
    running = _started(place, "--provider", "a=0")
    assert running.end(seconds=10).err == ""


def test_it_starts_without_what_takes_seconds(place: Place) -> None:
    """Neither litellm nor Celery, nor a database's library."""
    looked = "import sys, worker.cli.simulate, worker.cli.main; print(*sys.modules)"
    running = place.start("-c", looked, command=TRIAGE[:1])
    loaded = set(running.ended(20).out.split())
    assert loaded.isdisjoint({"litellm", "celery", "sqlalchemy", "pydantic", "aiohttp", "httpx"})


# ── A fleet in staging ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """Two runs of one inbox each: while all is well, and through faults."""

    place: Place
    check: dict[str, Any]
    well: dict[str, Any]  # triage run --json
    well_log: list[dict[str, Any]]
    ill: dict[str, Any]
    ill_log: list[dict[str, Any]]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    folder = tmp_path_factory.mktemp("staged")
    variables = {"TRIAGE_SIMULATOR": f"http://127.0.0.1:{two_ports()}", **REAL}
    place = a_place(folder, variables, policy=POLICY, guards=GUARDS)
    try:
        check = place.ask("check", "--json").json()
        well, well_log = _run(place, "WELL")
        ill, ill_log = _run(place, "ILL", "--profile", FAULTS, "--seed", "7")
        yield Staged(
            place=place, check=check, well=well, well_log=well_log, ill=ill, ill_log=ill_log
        )
    finally:
        place.clear()


def _run(place: Place, name: str, *words: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    log = place.folder / f"{name}.log"
    lines = (
        a_line(
            f"{name}-{n}",
            f"Which exchange rate do I get? (ticket {name}-{n})",
            customer=CUSTOMERS[n % len(CUSTOMERS)],
        )
        for n in range(TICKETS)
    )
    inbox = an_inbox(place.folder / f"{name}.jsonl", lines)
    simulator = _started(place, "--log", str(log), *words)
    report = place.triage("run", f"file:{inbox}", "--json", seconds=100).json()
    assert simulator.end(seconds=10).code == 0
    return report, [json.loads(line) for line in log.read_text().splitlines()]


def test_the_configuration_is_valid_and_says_that_nothing_is_real(staged: Staged) -> None:
    assert staged.check["ok"] is True
    [told] = [one for one in staged.check["findings"] if one["what"] == "simulator"]
    assert told["level"] == "warning"


def test_every_ticket_is_written_while_all_is_well(staged: Staged) -> None:
    assert staged.well["written"] == TICKETS
    assert staged.well["balanced"] is True


def test_each_ticket_was_asked_about_once(staged: Staged) -> None:
    asked = Counter(one["ticket"] for one in staged.well_log if one["provider"] != JUDGE)
    assert asked == {f"WELL-{n}": 1 for n in range(TICKETS)}


def test_no_real_key_reaches_it(staged: Staged) -> None:
    keys = {record["key"] for record in (*staged.well_log, *staged.ill_log)}
    assert keys <= SIMULATED


def test_every_tiers_first_model_was_asked(staged: Staged) -> None:
    """By two providers: OpenAI's economy and standard, Anthropic's premium; and the judge."""
    models = Counter((record["provider"], record["model"]) for record in staged.well_log)
    assert models.pop((JUDGE, "gemini-3.8-flash")) >= TICKETS / 3, "business is of high stakes"
    assert models == {
        ("openai", "gpt-6-luna"): 20,
        ("openai", "gpt-5-mini"): 20,
        ("anthropic", "claude-sonnet-5"): 20,
    }


def test_the_bill_is_that_of_the_log(staged: Staged) -> None:
    """Each call rounded up to a millionth of a dollar."""
    tiers = load(Environment.read(staged.place.environment)).tiers
    bill = sum(
        tiers.model(f"{record['provider']}/{record['model']}").price.micro_usd(
            input_tokens=record["input_tokens"],
            cached_tokens=record["cached_tokens"],
            output_tokens=record["output_tokens"],
        )
        for record in staged.well_log
    )
    assert bill > 0
    assert Decimal(str(staged.well["cost_usd"])) == Decimal(bill) / 1_000_000


def test_every_ticket_has_a_place_through_faults(staged: Staged) -> None:
    """Written, with people or dead: none is lost, and none waits for what will not come."""
    report = staged.ill
    assert report["balanced"] is True
    assert report["ingested"] == 2 * TICKETS
    assert report["written"] + report["in_review"] + report["dead"] == 2 * TICKETS
    assert report["written"] > 1.7 * TICKETS
    played = Counter(record["fault"] for record in staged.ill_log)
    assert {"error_500", "rate_1", "ok"} <= played.keys()
    assert len(staged.ill_log) > TICKETS


def test_staging_leaves_nothing_behind(staged: Staged) -> None:
    until(staged.place.is_deserted, 10)
    assert Path(staged.place.environment["TRIAGE_HOME"]).is_dir()
