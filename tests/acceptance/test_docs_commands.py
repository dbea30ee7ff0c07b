"""What the docs say is done: each block of shell, and each document that a command prints."""

import base64
import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from config.environment import Environment
from config.load import load
from config.serving import LOCAL
from config.staging import ADDRESS
from tasks.run import State
from tests.acceptance.fleet import FirstRun, Place, a_line, an_inbox
from tests.acceptance.hosted import Hosted, Provider, fails, says
from tests.acceptance.patience import until
from tests.acceptance.two_ports import two_ports
from tests.house.deployed import compose
from tests.house.documents import PAGES, README, RUNBOOK, Block, blocks
from tests.house.reasons import Reasons
from tests.house.shapes import NEEDS_A_WORKER, differences, promised
from tests.house.terminal import Terminal, UnknownCommand
from tests.stubs.documented_sources import SERVICE, SHOWN, documented_sources
from tests.stubs.openai_server import openai_server

pytestmark = pytest.mark.timeout(150)

BLOCKS = [block for page in PAGES for block in blocks(page)]
SHELL = [block for block in BLOCKS if block.language in ("sh", "bash", "console")]
SETTINGS = [block for block in BLOCKS if block.language == "toml"]

SERVER = "http://127.0.0.1:8000/v1"
"""In the docs: a model server of the reader's own."""

TICKET = "TICKET"
"""In the docs: a ticket's id. Under a reason's heading one that has this reason, else any."""

MODEL = "MODEL"
"""In the docs: a model that tiers.toml names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """A home after the sample run, and one in which every reason has a ticket besides."""

    sample: Place
    full: Place
    tickets: Mapping[str, str]  # by reason
    any_ticket: str

    def place(self, page: Path) -> Place:
        """The README is for somebody who has tried the sample; the rest for who runs a fleet."""
        return self.sample if page == README else self.full

    def ticket(self, heading: str) -> str:
        """What TICKET stands for."""
        return self.tickets.get(heading, self.any_ticket)


@pytest.fixture(scope="module")
def world(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> World:
    sample = _copied(first_run.place, tmp_path_factory.mktemp("sample"))
    full = _copied(sample, tmp_path_factory.mktemp("full"))
    any_ticket, *spare = full.runs(states=(State.IN_REVIEW,))
    tickets = Reasons(place=full, spare=spare).fill()
    full.clear()
    return World(sample=sample, full=full, tickets=tickets, any_ticket=any_ticket.external_id)


def _copied(place: Place, folder: Path) -> Place:
    """The same home and settings elsewhere, to do with as one likes; the model is lent."""
    left_out = shutil.ignore_patterns("cache", "redis", "incarnations")
    shutil.copytree(place.home, folder / "home", ignore=left_out)
    (folder / "home" / "cache").symlink_to(place.home / "cache")
    shutil.copytree(place.environment["TRIAGE_CONFIG"], folder / "config")
    ours = {"TRIAGE_HOME": str(folder / "home"), "TRIAGE_CONFIG": str(folder / "config")}
    environment = {**place.environment, **ours, "HOME": str(folder)}
    return Place(folder=folder, environment=environment)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """The reader's own model server."""
    provider = Provider(says())
    with openai_server(stub=provider):
        yield provider


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The reader's own database and service."""
    with documented_sources(tmp_path) as sources:
        yield sources


def _terminal(
    world: World, block: Block, provider: Provider, folder: Path, sources: Mapping[str, str]
) -> Terminal:
    place = _copied(world.place(block.page), folder)
    for shown in SETTINGS:
        if (shown.page, shown.heading) == (block.page, block.heading):
            theirs = shown.text.replace(SERVICE, sources[SERVICE])
            _lay_over(Path(place.environment["TRIAGE_CONFIG"]), replace(shown, text=theirs))
    an_inbox(folder / "tickets.jsonl", [a_line(f"MINE-{n}", "Which rate?") for n in range(3)])
    return Terminal(
        place=place,
        folder=folder,
        placeholders={
            TICKET: world.ticket(block.heading),
            "EMAIL": "basic@example.com",
            MODEL: LOCAL,
            SERVER: provider.url,
            ADDRESS: f"http://127.0.0.1:{two_ports()}",
            **sources,
        },
        alerts=block.page != README,
    )


def _lay_over(config: Path, shown: Block) -> None:
    """A block of TOML begins with the name of its file."""
    [name] = re.findall(r"^# (\w+\.toml)$", shown.text, flags=re.MULTILINE)
    with (config / name).open("a") as file:
        file.write(f"\n{shown.text}")


# ── Blocks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_a_block_of_shell_does_what_it_says(
    world: World,
    block: Block,
    provider: Provider,
    sources: Mapping[str, str],
    tmp_path: Path,
) -> None:
    terminal = _terminal(world, block, provider, tmp_path, sources)
    try:
        terminal.run(block)
        if SERVER in block.text:
            assert len(provider.requests) == 3
            assert len(terminal.place.runs(states=(State.WRITTEN,))) == 3
    finally:
        terminal.place.clear()
    assert terminal.place.is_deserted()


def test_what_the_readme_shows_is_what_one_sees(world: World, tmp_path: Path) -> None:
    """Figures and all. A second run ingests nothing, and reports the same tickets."""
    [shown] = [block.text for block in blocks(README) if "\nin_review" in block.text]
    place = _copied(world.sample, tmp_path)
    said = [line.split() for line in place.triage("run").out.splitlines()]
    assert [line for line in shown.splitlines() if line != "…" and line.split() not in said] == []


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    """No command hides in a block without a language."""
    assert {block.language for block in BLOCKS} <= {"sh", "bash", "toml", "yaml", "json", "text"}


def test_settings_that_are_shown_are_valid(tmp_path: Path) -> None:
    """Those of one heading together: another one may be about another firm."""
    assert SETTINGS
    for shown in SETTINGS:
        folder = tmp_path / shown.page.name / shown.heading.replace("/", " ")
        folder.mkdir(parents=True, exist_ok=True)
        _lay_over(folder, shown)
        assert tomllib.loads(shown.text)
    for folder in (folder for page in tmp_path.iterdir() for folder in page.iterdir()):
        load(Environment.read({"TRIAGE_CONFIG": str(folder), **SHOWN}))


def test_services_that_are_shown_exist() -> None:
    shown = [yaml.safe_load(block.text) for block in BLOCKS if block.language == "yaml"]
    assert shown
    assert all(one["services"].keys() <= compose({}).keys() for one in shown)


def test_every_reason_of_the_runbook_has_a_ticket(world: World) -> None:
    """So that the commands under its heading meet what they are for."""
    own = {block.heading for block in blocks(RUNBOOK) if TICKET in block.text}
    of_any = {"First look", "What people decide", "escalated"}
    assert own - world.tickets.keys() == of_any
    for reason, ticket in world.tickets.items():
        reasons = {run.reason for run in world.full.shop.ledger.named(ticket)}
        assert reason in reasons, reason


@pytest.mark.parametrize(
    "text",
    [
        "triage halt all",
        "triage ticket show NOBODY",
        "triage dead requeue --cause not_utf8 --yes",
        "make believe",
        "docker compose restart",
        "docker compose stop nginx",
        "docker compose exec upkeep triage ticket show NOBODY",
        "docker compose up --detach --scale nginx=3",
        "honcho start nginx",
        "python -m worker.health nginx",
        "cp .env.sample .env",
        "tail -n 5 ${TRIAGE_HOME:-.triage}/logs/nginx.log",
        "rm -rf /",
    ],
)
def test_what_does_not_work_is_noticed(
    world: World, provider: Provider, sources: Mapping[str, str], text: str, tmp_path: Path
) -> None:
    block = replace(SHELL[0], text=text)
    terminal = _terminal(world, block, provider, tmp_path, sources)
    with pytest.raises((AssertionError, UnknownCommand)):
        terminal.run(block)


# ── Documents of what needs a worker ─────────────────────────────────────────────────────────────


def _as_promised(command: str, found: object) -> None:
    assert command in NEEDS_A_WORKER
    assert list(differences(found, promised()[command], command)) == []


def test_the_status_of_a_fleet_is_as_promised(hosted: Hosted) -> None:
    _as_promised("triage status --json", hosted.place.ask("status", "--json").json())


def test_the_report_of_a_run_is_as_promised(hosted: Hosted) -> None:
    """With labels in its inbox."""
    line = a_line("LABELLED-1", "Which rate?", labels={"issue_type": "exchange"})
    inbox = an_inbox(hosted.place.folder / "labelled", [line])
    said = hosted.place.triage("run", f"file:{inbox}", "--json").json()
    _as_promised("triage run --json", said)


def test_the_pages_of_a_ticket_are_as_promised(hosted: Hosted) -> None:
    ticket = hosted.triaged(says(draft="We looked into it.")).external_id
    for command in ("ticket show", "helpdesk show", "ticket replay"):
        found = hosted.place.triage(*command.split(), ticket, "--json").json()
        _as_promised(f"triage {command} ID --json", found)


def test_the_documents_of_reviews_are_as_promised(world: World, tmp_path: Path) -> None:
    """With a proposal of the local model's, whose escalations nobody has ever seen."""
    place, ticket = _copied(world.full, tmp_path), world.any_ticket
    for said in ("list", "show ID", "accept", "return", "correct"):
        verb, issue = said.split()[0], ("--issue-type", "card") if said == "correct" else ()
        named = () if verb == "list" else (ticket,)
        found = place.ask("review", verb, *named, *issue, "--json").json()
        _as_promised(f"triage review {said} --json", found)
    place.clear()


def test_the_documents_of_a_recall_are_as_promised(hosted: Hosted) -> None:
    """What it would do, for what was written in the last second; and what was done by then."""
    hosted.triaged(says())
    hosted.place.ask("recall", "--since", "1s", "--yes")
    found = hosted.place.ask("recall", "--since", "1m", "--json").json()
    _as_promised("triage recall --since SINCE --json", found)
    _as_promised("triage recall --json", hosted.place.ask("recall", "--json").json())


def test_the_numbers_of_the_fleet_page_are_as_promised(hosted: Hosted) -> None:
    """While a ticket waits and another is dead."""
    hosted.triaged(says(issue_type="lottery"))
    waits = hosted.take_in(fails(429, retry_after="3"))
    until(lambda: _numbers(hosted.place)["waiting_reasons"])
    found = _numbers(hosted.place)
    hosted.plan(waits, says())
    _as_promised("GET /fleet.json", found)
    assert hosted.settled(waits).state is State.WRITTEN


def _numbers(place: Place) -> Any:  # noqa: ANN401 - a document
    settings = tomllib.loads(
        (Path(place.environment["TRIAGE_CONFIG"]) / "settings.toml").read_text()
    )
    password = (place.home / "flower.password").read_text().strip()
    login = base64.b64encode(f"triage:{password}".encode()).decode()
    url = f"http://127.0.0.1:{settings['pages']['port']}/fleet.json"
    with urlopen(Request(url, headers={"Authorization": f"Basic {login}"}), timeout=10) as answer:
        return json.load(answer)
