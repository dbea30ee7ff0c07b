"""Everything that a storm needs, built up and taken down: stores, fleet, provider, customers."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from config.staging import BARE
from config.tiers import TIERS
from tasks.errors import LedgerDown
from tasks.run import State
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.patience import until
from tests.chaos.customers import Customers
from tests.chaos.script import SECRET
from tests.chaos.stores import Broker, Database, Disk
from tests.chaos.troop import FLEET, Troop
from tests.chaos.upstreams import Upstreams
from worker.ledgers import schema
from worker.ledgers.engine import reading

SETTINGS = """
[intake]
poll_seconds = 1
batch = 50
"""
POLICY = """
[retry]
park_seconds = 2.0
[review.hand_over_seconds]
basic = 86400
plus = 86400
business = 86400
"""
"""Reviews are at rest when a storm is over: nobody takes them out of people's hands then."""

GUARDS = """
[breaker]
open_seconds = 1.0
most_open_seconds = 4.0
credential_seconds = 2.0
ramp_seconds = 3.0
[retries]
floor = 30
"""
"""A storm of a few minutes is not spent in waiting for a breaker."""

MODEL = """
[[models]]
name = "{provider}/made-up"
credential = "{key}"
api_base = "{url}"
price = {{ input = 0.25, cached_input = 0.05, output = 2.0 }}
timeout_seconds = 4.0
why = "made up"
"""
TIER = """
[[tiers]]
name = "{name}"
models = {models}
why = "made up"
"""


def tiers(urls: Mapping[str, str]) -> str:
    """Each tier has a model of each of these providers: the later ones stand in for the first."""
    models = [
        MODEL.format(provider=provider, key=key_of(provider), url=_base(provider, url))
        for provider, url in urls.items()
    ]
    names = [f"{provider}/made-up" for provider in urls]
    return "".join((*models, *(TIER.format(name=tier, models=names) for tier in TIERS)))


def _base(provider: str, url: str) -> str:
    return url.removesuffix("/v1") if provider in BARE else url


def key_of(provider: str) -> str:
    """The variable that holds its key."""
    return f"{provider.upper()}_API_KEY"


@dataclass(kw_only=True)
class Ground:
    """What the nemesis strikes at."""

    seed: int
    folder: Path
    disk: Disk
    broker: Broker
    database: Database | None
    troop: Troop
    upstreams: Upstreams

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
        upstreams = Upstreams(seed, folder, latency)
        broker = Broker(disk.path / "redis", folder / "logs" / "redis.log")
        database = _database(disk.path / "pg") if ledger == "postgres" else None
        place = _place(folder, disk, broker, database, upstreams.urls)
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
            upstreams=upstreams,
            codes={},
        )
        try:
            yield found
        finally:
            found.codes |= troop.stop()
            _keep_logs(folder)
            place.clear()
            upstreams.close()
            broker.close()
            if database:
                database.crash()
            disk.close()


def _place(
    folder: Path, disk: Disk, broker: Broker, database: Database | None, urls: Mapping[str, str]
) -> Place:
    variables = {
        "TRIAGE_BROKER_URL": broker.url,
        "TRIAGE_HOME": str(disk.path / "home"),
        "TRIAGE_SOURCE": f"file:{folder / 'inbox.jsonl'}",
        **{key_of(provider): f"{SECRET}-{provider}" for provider in urls},
    }
    if database:
        variables["TRIAGE_LEDGER_URL"] = database.url(database.create())
    overlay = {"settings": SETTINGS, "policy": POLICY, "guards": GUARDS, "tiers": tiers(urls)}
    return a_place(folder, variables, **overlay)


def _database(folder: Path) -> Database:
    folder.mkdir()
    return Database(folder)


def _keep_logs(folder: Path) -> None:
    """What processes said outlives the storm, for whoever looks into a violation."""
    kept = Path(os.environ.get("CHAOS_LOGS", ""))
    if kept != Path():
        shutil.copytree(folder / "logs", kept, dirs_exist_ok=True)


def heal(found: Ground) -> None:
    """Everything is up and well again."""
    found.upstreams.heal()
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
