"""The product as its users have it: a home, commands that are processes, and what is left of them.

tests/acceptance/conftest.py has the fixtures.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from config.environment import Environment
from tasks.ports.ledger import Filter
from tasks.run import Run, State
from tests.acceptance.patience import is_alive, until
from worker.cli.main import main
from worker.compose import Shop, open_inbox, open_intake, open_shop
from worker.intake import Polled
from worker.ledgers import migrating

ROOT = Path(__file__).parents[2]
TRIAGE = (sys.executable, "-m", "worker.cli.main")
FOREIGN = ("TRIAGE_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "SENTRY_")
AT_ONCE = "[review.hand_over_seconds]\nbasic = 0\nplus = 0\nbusiness = 0\n"
"""A policy by which people have in the helpdesk what no machine decides about, without a delay."""

UNSETTLED = (State.QUEUED, State.RUNNING, State.WAITING)
SAMPLES = "fixtures/facts"
"""What is known about the customers of our sample inbox."""

CUSTOMERS = ("basic", "plus", "business")
"""Customer tiers; in a home's own facts each has one customer, `TIER@example.com`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a command that has ended said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - each command has a document of its own
        """The document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A command in front, in a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    def says(self, text: str) -> bool:
        """Whether it has said that by now. Fails when it has ended."""
        said = self.out.read_text() + self.err.read_text()
        assert text in said or self.process.poll() is None, said
        return text in said

    def hears(self, number: signal.Signals) -> None:
        """As a terminal sends it: to whoever is in its foreground."""
        os.killpg(self.process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 40) -> Said:
        """Sends the signal, and waits until it has ended."""
        self.hears(number)
        return self.ended(seconds)

    def ended(self, seconds: float) -> Said:
        """Waits until it has ended."""
        code = self.process.wait(seconds)
        return Said(code=code, out=self.out.read_text(), err=self.err.read_text())


@dataclass(frozen=True, kw_only=True)
class Place:
    """One TRIAGE_HOME, with settings of its own laid over ours."""

    folder: Path
    environment: Mapping[str, str]
    running: list[Running] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """TRIAGE_HOME."""
        return Path(self.environment["TRIAGE_HOME"])

    @cached_property
    def shop(self) -> Shop:
        """The stores, opened in this process: to look at the ledger without starting one."""
        shop = open_shop(Environment.read(self.environment))
        migrating.migrate(shop.ledger.engine)
        return shop

    def start(self, *words: str, command: Iterable[str] = TRIAGE) -> Running:
        """A command that stays in front."""
        name = f"command-{len(self.running)}"
        out, err = self.folder / f"{name}.out", self.folder / f"{name}.err"
        with out.open("wb") as said, err.open("wb") as complained:
            process = subprocess.Popen(
                (*command, *words),
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                start_new_session=True,
            )
        self.running.append(Running(process=process, out=out, err=err))
        return self.running[-1]

    def triage(self, *words: str, code: int = 0, seconds: float = 60) -> Said:
        """A command as a process, from its start to its end."""
        said = self.start(*words).ended(seconds)
        assert said.code == code, said
        return said

    def ask(self, *words: str, code: int = 0) -> Said:
        """A command in this process, for its start alone takes half a second."""
        with (
            patch.dict(os.environ, self.environment, clear=True),
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
        ):
            try:
                found = main(words)
            except SystemExit as usage:  # argparse ends the process that it takes for its own
                found = int(usage.code or 0)
        said = Said(code=found, out=out.getvalue(), err=err.getvalue())
        assert said.code == code, said
        return said

    def take_in(self, *lines: str) -> Polled:
        """These lines as an inbox of their own, taken in from this process."""
        inbox = an_inbox(self.folder / f"{len(list(self.folder.glob('*.jsonl')))}.jsonl", lines)
        return open_intake(self.shop).poll(open_inbox(f"file:{inbox}", self.shop))

    def may_write(self) -> None:
        """An operator lets the fleet set fields in the real helpdesk, as many as come."""
        self.ask("source", "set", "helpdesk", "--mode", "auto", "--per-hour", "none", "--yes")

    def runs(self, **wanted: Any) -> list[Run]:  # noqa: ANN401 - the filter's own
        """Runs as they stand."""
        return list(self.shop.ledger.runs(Filter(**wanted)))

    def run(self, ticket: str) -> Run:
        """The ticket's newest run."""
        return self.shop.ledger.named(ticket)[0]

    def states(self) -> Counter[State]:
        """How many runs are where."""
        return Counter(self.shop.ledger.books().states)

    def is_settled(self) -> bool:
        """Whether there is nothing left to be done by itself."""
        states = self.states()
        return not any(states[state] for state in UNSETTLED)

    def reconfigured(self, folder: Path, name: str, old: str, new: str) -> Self:
        """The same home under settings in which one file reads differently."""
        shutil.copytree(self.environment["TRIAGE_CONFIG"], folder)
        path = folder / f"{name}.toml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        changed = {**self.environment, "TRIAGE_CONFIG": str(folder)}
        return type(self)(folder=folder, environment=changed)

    def processes(self) -> dict[int, str]:
        """Everything that works for this home, other than the commands' own zombies."""
        mark = str(self.home).encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                is_ours = mark in command or mark in (folder / "environ").read_bytes()
            except OSError:  # it has just ended, or is somebody else's
                continue
            if is_ours and is_alive(int(folder.name)):
                found[int(folder.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found

    def is_deserted(self) -> bool:
        """Whether no process works for this home."""
        return not self.processes()

    def clear(self) -> None:
        """Takes away what is left, however the test went."""
        for running in self.running:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()
        with suppress(AssertionError):
            until(self.is_deserted, 5)
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        if "shop" in vars(self):
            self.shop.close()


def a_line(ticket: str, body: str, *, customer: str = "basic", **more: object) -> str:
    """One ticket as an inbox has it."""
    line = {
        "id": ticket,
        "subject": "A question",
        "body": body,
        "channel": "email",
        "requester": {"email": f"{customer}@example.com", "name": "Ada"},
        "created_at": "2026-11-17T10:00:00Z",
    }
    return json.dumps(line | more)


def an_inbox(path: Path, lines: Iterable[str]) -> Path:
    """A file of these lines."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def a_place(
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    facts: str | None = None,
    facts_toml: str = "",
    **overlay: str,
) -> Place:
    """A home that nobody has used. `overlay` is TOML by the file's name: `policy="…"`.

    Unless others are named, facts are one customer of each tier and nothing else known of them.
    """
    config = folder / "config"
    config.mkdir()
    known = facts or _facts(folder / "facts")
    settings = f'[pages]\nport = {a_port()}\n[sources]\nfacts = "{known}"\n'
    texts = {**overlay, "settings": settings + overlay.get("settings", ""), "facts": facts_toml}
    for name, text in texts.items():
        (config / f"{name}.toml").write_text(text)
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    ours = {"TRIAGE_HOME": str(folder / "home"), "TRIAGE_CONFIG": str(config)}
    return Place(folder=folder, environment=kept | ours | dict(variables or {}))


def a_port() -> int:
    """A port on loopback that was free just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _facts(folder: Path) -> Path:
    folder.mkdir()
    accounts = {
        f"{tier}@example.com": {"customer_id": f"C-{tier}", "plan": tier, "tier": tier}
        for tier in CUSTOMERS
    }
    files = {"accounts": accounts, "billing_events": {}, "incidents": [], "interactions": {}}
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstRun:
    """`triage run --json` in a home that nobody had used, and what was left of it."""

    place: Place
    said: Said
    left: Mapping[int, str]  # processes


def lend(taught: Path, place: Place) -> None:
    """Puts the local model where this home looks for it."""
    shutil.copytree(taught, place.home / "cache")
