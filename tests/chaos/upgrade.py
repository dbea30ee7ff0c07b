"""An old version beside this one: `python -m tests.chaos.upgrade --old REF --minutes 10`.

The old version's workers begin, on a ledger that it made. In the middle of the load this version
migrates that ledger and starts a worker of its own beside them; later the old ones are asked to
end. Nothing may be lost, doubled or asked twice. It takes a checkout with history; the old version
runs on this one's libraries.
"""

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.fleet import ROOT, Place, a_place
from tests.acceptance.patience import until
from tests.chaos.arena import POLICY, SETTINGS, tiers
from tests.chaos.evidence import Records
from tests.chaos.script import HARMLESS, SECRET, Family, Script, script
from tests.chaos.stores import Broker, Database
from tests.chaos.upstreams import LOG, Upstreams
from tests.chaos.verdict import INVARIANTS
from worker.ledgers import migrating
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "64", "--without-gossip", "--without-mingle", "-n")
TRIAGE = (sys.executable, "-m", "worker.cli.main")
UNLIKE = (Family.DEAF, Family.POISON, Family.CLOSED)  # they need a helpdesk of their own
JUDGED = ("I3", "I4", "I5", "I9", "I12")
TICK = 0.25
LATENCY = 1.0
DRAIN_SECONDS = 40.0
TAUGHT = (
    (
        "schema.py",
        "case int(other) if other != VERSION:",
        "case int(other) if other > VERSION + 1:",
    ),
    (
        "embedded.py",
        "VALUES (?, ?, ?, ?, ?)\nON CONFLICT (key) DO NOTHING",
        "SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM notes WHERE key = ?2)",
    ),
)
REST_SECONDS = 120.0


@dataclass(kw_only=True)
class Versions:
    """Two of them on one ledger."""

    folder: Path
    old: Path
    place: Place
    ledger: SqlLedger  # not the shop's, which would migrate it at once
    seed: int
    brought: list[Script] = field(default_factory=list)
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    unbalanced: int = 0
    looks: int = 0

    def start(self, name: str, where: Path, *words: str) -> None:
        """A process of the version that lies there."""
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                (*CELERY, *words),
                env=self._environment(where),
                cwd=where,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def triage(self, where: Path, *words: str) -> str:
        """A command of the version that lies there, to its end."""
        done = subprocess.run(
            (*TRIAGE, *words),
            env=self._environment(where),
            cwd=where,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _environment(self, where: Path) -> Mapping[str, str]:
        return {**self.place.environment, "PYTHONPATH": str(where)}

    def bring(self, upto: int) -> None:
        """The next tickets, into the inbox."""
        with (self.folder / "inbox.jsonl").open("ab") as inbox:
            for number in range(len(self.brought), upto):
                one = script(self.seed, number)
                self.brought.append(one)
                if one.family not in UNLIKE:
                    inbox.write(one.line() + b"\n")

    def rage(self, seconds: float, share: float, tickets: int) -> None:
        """Brings tickets at an even pace until so much of all the time is over."""
        began = time.monotonic()
        before = len(self.brought)
        while (passed := time.monotonic() - began) < seconds:
            self.bring(before + int(share * tickets * passed / seconds))
            books = self.ledger.books()
            self.looks += 1
            self.unbalanced += not books.balanced
            sys.stderr.write(f"\r{len(self.brought)} brought, {dict(books.states)}   ")
            dead = [name for name, process in self.running.items() if process.poll() is not None]
            assert not dead, f"{dead} ended by itself: see {self.folder / 'logs'}"
            time.sleep(TICK)

    def end(self, name: str) -> tuple[int, float]:
        """Asks it to end; its exit code, and the seconds that took."""
        began = time.monotonic()
        process = self.running.pop(name)
        process.terminate()
        return process.wait(DRAIN_SECONDS), round(time.monotonic() - began, 1)


def upgrade(reference: str, ledger: str, minutes: float, tickets: int, seed: int) -> dict[str, Any]:
    """From the old version alone to this one alone."""
    with tempfile.TemporaryDirectory(prefix="upgrade-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for made in ("logs", "old", "pg"):
            (folder / made).mkdir()
        (folder / "inbox.jsonl").touch()
        _check_out(reference, folder / "old")
        upstreams = Upstreams(seed, folder, LATENCY)
        broker = Broker(folder / "redis", folder / "logs" / "redis.log")
        database = Database(folder / "pg") if ledger == "postgres" else None
        place = _a_place(folder, broker, database, upstreams.urls["openai"])
        address = place.environment.get("TRIAGE_LEDGER_URL")
        opened = SqlLedger(connect(address or f"sqlite:///{place.home / 'ledger.db'}"))
        versions = Versions(
            folder=folder, old=folder / "old", place=place, ledger=opened, seed=seed
        )
        try:
            return _upgraded(versions, minutes * 60, tickets, reference)
        finally:
            for process in versions.running.values():
                process.kill()
                process.wait()
            opened.close()
            place.clear()
            upstreams.close()
            broker.close()
            if database:
                database.crash()


def _upgraded(found: Versions, seconds: float, tickets: int, reference: str) -> dict[str, Any]:
    found.triage(found.old, "migrate")
    began_at = migrating.current(found.ledger.engine)
    for number in (1, 2):
        found.start(f"old-{number}", found.old, *WORKER, f"old{number}@u")
    schedule = str(found.folder / "beat")
    found.start("old-beat", found.old, "beat", "-s", schedule, "--pidfile=")
    found.rage(0.4 * seconds, 0.4, tickets)
    migrated = time.monotonic()
    found.triage(ROOT, "migrate")
    migrating_seconds = round(time.monotonic() - migrated, 2)
    found.start("new-1", ROOT, *WORKER, "new1@u")
    found.rage(0.4 * seconds, 0.4, tickets)
    codes = {name: found.end(name) for name in ("old-1", "old-beat", "old-2")}
    found.start("new-beat", ROOT, "beat", "-s", schedule, "--pidfile=")
    found.start("new-2", ROOT, *WORKER, "new2@u")
    found.rage(0.2 * seconds, 0.2, tickets)
    found.bring(tickets)
    wanted = sum(one.family not in UNLIKE for one in found.brought)
    until(lambda: _is_done(found, wanted), REST_SECONDS)
    codes |= {name: found.end(name) for name in list(found.running)}
    records = Records(
        seed=found.seed, brought=0, ledger=found.ledger, logs=found.folder / "logs"
    ).read(found.place.shop.sandbox, found.folder / LOG)
    violations = {name: list(INVARIANTS[name](records)) for name in JUDGED}
    violations["ends"] = list(_ends(found, records))
    violations["twice"] = list(_twice(records))
    violations["asked"] = list(_asked(found, records))
    return {
        "old": reference,
        "schema": [began_at, migrating.current(found.ledger.engine)],
        "seconds": seconds,
        "tickets": wanted,
        "states": dict(Counter(str(run.state) for run in records.runs)),
        "migrating_seconds": migrating_seconds,
        "ended": codes,
        "books_looked_at": found.looks,
        "unbalanced": found.unbalanced,
        "violations": {name: some[:20] for name, some in violations.items()},
    }


def _is_done(found: Versions, wanted: int) -> bool:
    return found.ledger.books().ingested >= wanted and found.place.is_settled()


def _ends(found: Versions, records: Records) -> list[str]:
    """Whoever is not where the script has it."""
    wrong = []
    for one in found.brought:
        if one.family in UNLIKE or one.family is Family.MALFORMED:
            continue
        runs = records.tickets.get(one.id)
        if not runs or (runs[-1].state, runs[-1].reason) not in one.ends:
            wrong.append(f"{one.id}: {runs and (runs[-1].state, runs[-1].reason, runs[-1].why)}")
    return wrong


def _twice(records: Records) -> list[str]:
    """Whatever the helpdesk has more than once."""
    found = []
    for name, shown in records.shown.items():
        fields = Counter(change.field for change in shown.history)
        notes = Counter(note.key for note in shown.notes)
        found += [f"{name}: {key} {n} times" for key, n in (fields + notes).items() if n > 1]
    return found


def _asked(found: Versions, records: Records) -> list[str]:
    """Tickets about which the provider was asked more than their script takes."""
    wrong = []
    for one in found.brought:
        once = one.family is Family.GARBAGE
        needed = 2 if once else len(one.plays) + (one.plays == () or one.plays[-1] not in HARMLESS)
        if one.family not in UNLIKE and len(records.by_ticket.get(one.id, ())) > needed:
            wrong.append(
                f"{one.id} {one.family}: {len(records.by_ticket.get(one.id, ()))} and not {needed}"
            )
    return wrong


def _check_out(reference: str, folder: Path) -> None:
    packed = subprocess.run(
        ["git", "archive", reference], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    # The sandbox that tickets are written to here was not shared between versions then. What is
    # tried is the ledger, so the old one is taught the new one's file.
    for name, old, new in TAUGHT:
        path = folder / "worker" / "helpdesks" / name
        path.write_text(path.read_text().replace(old, new))


def _a_place(folder: Path, broker: Broker, database: Database | None, url: str) -> Place:
    variables = {
        "TRIAGE_BROKER_URL": broker.url,
        "TRIAGE_SOURCE": f"file:{folder / 'inbox.jsonl'}",
        "OPENAI_API_KEY": SECRET,
    }
    if database:
        variables["TRIAGE_LEDGER_URL"] = database.url(database.create())
    overlay = {"settings": SETTINGS, "policy": POLICY, "tiers": tiers({"openai": url})}
    return a_place(folder, variables, **overlay)


def main() -> int:
    """0 where nothing was lost, doubled or asked twice."""
    parser = argparse.ArgumentParser(prog="tests.chaos.upgrade", description=__doc__)
    parser.add_argument("--old", required=True, metavar="REF", help="a commit of this repository")
    parser.add_argument("--ledger", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tickets", type=int, default=None, help="default: 300 a minute")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tickets = asked.tickets or int(300 * asked.minutes)
    found = upgrade(asked.old, asked.ledger, asked.minutes, tickets, asked.seed)
    print(json.dumps(found, indent=1))
    return 1 if any(found["violations"].values()) or found["unbalanced"] else 0


if __name__ == "__main__":
    sys.exit(main())
