"""A fleet that honcho starts from the Procfile, and the health checks of docker-compose.yml."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.events import Kind
from tasks.run import State
from tests.acceptance.patience import is_alive
from tests.house.checkout import ROOT
from tests.house.deployed import compose, procfile
from worker.ledgers.sql import SqlLedger

BIN = Path(sys.executable).parent
PATIENT_HONCHO = "from honcho import command, manager; manager.KILL_WAIT = 60; command.main()"
"""By itself honcho kills 5 s after the first process has ended: on a busy machine before the last
could. docker compose and systemd wait longer than the drain takes, and so does this."""

PROCESSES = procfile({})
CHECKS = {name: compose({})[name].health for name in PROCESSES}
WORKERS = {name for name, command in PROCESSES.items() if "-Q" in command}


@dataclass(kw_only=True, slots=True)
class Fleet:
    """honcho with the Procfile, and what it says."""

    environment: Mapping[str, str]
    ledger: SqlLedger
    log: Path
    honcho: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Starts every line of it; a `.env` of this checkout is not read."""
        with self.log.open("wb") as output:
            self.honcho = subprocess.Popen(
                [sys.executable, "-c", PATIENT_HONCHO, "--env", os.devnull, "start"],
                env=self.environment,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def triage(self, *words: str) -> Any:  # noqa: ANN401 - each command has a document of its own
        """What a command prints as JSON."""
        done = subprocess.run(
            [BIN / "triage", *words, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def pids(self) -> dict[str, int]:
        """The process of each line that has been started."""
        started = re.findall(r"(\S+)\.1 started \(pid=(\d+)\)", self.log.read_text())
        return {name: int(pid) for name, pid in started}

    def lives(self) -> bool:
        """Whether every worker's heart beats."""
        assert self.honcho
        assert self.honcho.poll() is None, self.log.read_text()
        return len(self.ledger.workers()) == len(WORKERS)

    def has_settled(self, tickets: int) -> bool:
        """Whether so many have come to where nothing more is to be done by itself."""
        books = self.ledger.books()
        to_do = sum(books.states[state] for state in (State.QUEUED, State.RUNNING, State.WAITING))
        return books.ingested == tickets and not to_do

    def owner(self, ticket: str) -> int:
        """The process that claimed that ticket last."""
        [run] = self.ledger.named(ticket)
        claims = [event for event in self.ledger.events(run.id) if event.kind is Kind.CLAIMED]
        return int(str(claims[-1].body["owner"]).rsplit("-", 2)[1])

    def end(self) -> float:
        """Asks honcho to end, and waits; the seconds that took."""
        assert self.honcho
        began = time.monotonic()
        self.honcho.terminate()
        self.honcho.wait(60)
        return time.monotonic() - began

    def clear(self) -> None:
        """Takes away what is left, however the test went."""
        if self.honcho is None:
            return
        self.honcho.kill()
        self.honcho.wait()
        for pid in self.pids().values():
            if is_alive(pid):
                os.killpg(pid, signal.SIGKILL)


def health(environment: Mapping[str, str], names: set[str]) -> dict[str, int]:
    """Exit codes of these health checks, as docker-compose.yml names them, all run at once."""
    running = {
        name: subprocess.Popen(
            CHECKS[name], env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for name in names
    }
    for name, check in running.items():
        _, why = check.communicate(timeout=30)
        assert (check.returncode == 0) == (why == ""), (name, why)
    return {name: check.returncode for name, check in running.items()}
