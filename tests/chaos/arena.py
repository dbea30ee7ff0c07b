"""Everything that a storm needs, built up and taken down: stores, fleet, provider, customers."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tasks.errors import LedgerDown
from tasks.run import State
from tests.acceptance.fleet import ROOT, Place, a_place
from tests.acceptance.patience import until
from tests.chaos.customers import Customers
from tests.chaos.script import SECRET
from tests.chaos.stores import Broker, Database, Disk
from tests.chaos.troop import FLEET, Troop
from worker.ledgers import schema
from worker.ledgers.engine import reading

SETTINGS = """
[intake]
poll_seconds = 1
batch = 50
"""
POLICY = "[retry]\npark_seconds = 2.0\n"
TIERS = """
[[models]]
name = "openai/made-up"
credential = "OPENAI_API_KEY"
api_base = "{url}"
price = {{ input = 0.25, output = 2.0 }}
timeout_seconds = 4.0
why = "made up"

[[tiers]]
name = "economy"
models = ["openai/made-up"]
why = "made up"

[[tiers]]
name = "standard"
models = ["openai/made-up"]
why = "made up"

[[tiers]]
name = "premium"
models = ["openai/made-up"]
why = "made up"
"""


@dataclass(kw_only=True)
class Ground:
    """What the nemesis strikes at."""

    seed: int
    folder: Path
    disk: Disk
    broker: Broker
    database: Database | None
    troop: Troop

    @property
    def logs(self) -> Path:
        """One for each process."""
        return self.folder / "logs"

    def held(self, _pid: int) -> dict[str, tuple[int, str]]:
        """The runs that process has in hand: fence and stage. None where nobody can tell."""
        return {}


@dataclass(kw_only=True)
class Arena(Ground):
    """With this fleet in it."""

    place: Place
    customers: Customers
    helpdesk: Path  # its file, which no fault touches
    asked: Path  # the provider's log
    codes: dict[str, int]  # how each process ended in the end

    def held(self, pid: int) -> dict[str, tuple[int, str]]:
        """As the ledger has it."""
        runs = schema.runs.c
        query = select(runs.id, runs.fence, runs.stage).where(
            runs.state == State.RUNNING, runs.owner.like(f"%-{pid}-%")
        )
        with suppress(LedgerDown), reading(self.place.shop.ledger.engine) as connection:
            return {row.id: (row.fence, row.stage) for row in connection.execute(query)}
        return {}


@contextmanager
def arena(
    seed: int, ledger: str, *, tickets: int, seconds: float, workers: int, latency: float
) -> Iterator[Arena]:
    """Stores and provider run, the fleet does not yet."""
    with tempfile.TemporaryDirectory(prefix="chaos-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user has to get through
        (folder / "logs").mkdir()
        disk = Disk(folder)
        provider, url = start_provider(seed, folder, latency)
        broker = Broker(disk.path / "redis", folder / "logs" / "redis.log")
        database = _database(disk.path / "pg") if ledger == "postgres" else None
        place = _place(folder, disk, broker, database, url)
        helpdesk = folder / "helpdesk.db"
        place.shop.home.helpdesk.symlink_to(helpdesk)
        troop = Troop(folder=folder, environment=place.environment, seed=seed)
        troop.man(FLEET, workers)
        customers = Customers(folder, helpdesk, seed, count=tickets, seconds=seconds)
        found = Arena(
            seed=seed,
            folder=folder,
            place=place,
            disk=disk,
            broker=broker,
            database=database,
            troop=troop,
            customers=customers,
            helpdesk=helpdesk,
            asked=folder / "provider.jsonl",
            codes={},
        )
        try:
            yield found
        finally:
            found.codes |= troop.stop()
            _keep_logs(folder)
            place.clear()
            provider.kill()
            provider.wait()
            broker.close()
            if database:
                database.crash()
            disk.close()


def _place(folder: Path, disk: Disk, broker: Broker, database: Database | None, url: str) -> Place:
    variables = {
        "TRIAGE_BROKER_URL": broker.url,
        "TRIAGE_HOME": str(disk.path / "home"),
        "TRIAGE_SOURCE": f"file:{folder / 'inbox.jsonl'}",
        "OPENAI_API_KEY": SECRET,
    }
    if database:
        variables["TRIAGE_LEDGER_URL"] = database.url(database.create())
    return a_place(folder, variables, settings=SETTINGS, policy=POLICY, tiers=TIERS.format(url=url))


def _database(folder: Path) -> Database:
    folder.mkdir()
    return Database(folder)


def start_provider(seed: int, folder: Path, latency: float) -> "tuple[subprocess.Popen[str], str]":
    """The provider's process and address; its log is `provider.jsonl`."""
    words = ("--seed", str(seed), "--log", str(folder / "provider.jsonl"), "--latency")
    process = subprocess.Popen(
        (sys.executable, "-m", "tests.chaos.provider", *words, str(latency)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


def _keep_logs(folder: Path) -> None:
    """What processes said outlives the storm, for whoever looks into a violation."""
    kept = Path(os.environ.get("CHAOS_LOGS", ""))
    if kept != Path():
        shutil.copytree(folder / "logs", kept, dirs_exist_ok=True)


def heal(found: Ground) -> None:
    """Everything is up and well again."""
    found.disk.free()
    found.broker.start()
    until(found.broker.is_up, 30)
    found.broker.limit(full=False)
    if found.database:
        until(lambda: _is_up(found), 120)
    for file in (*found.folder.glob("clock-*"), *found.folder.glob("kill-*")):
        file.unlink(missing_ok=True)
    for post in found.troop.posts.values():
        if post.frozen:
            found.troop.thaw(post)


def _is_up(found: Ground) -> bool:
    assert found.database
    found.database.restart()
    return found.database.is_up()
