"""Flower at work over a ledger in which something has happened, and ways to disturb it."""

import json
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlalchemy import delete, insert, select, text

from tests.acceptance.patience import until
from tests.house.checkout import ROOT
from tests.unit.worker.pages.scene import Scene, buried, claimed, failed, waits
from worker.broker import server
from worker.broker.queues import Broker
from worker.broker.wire import Hint
from worker.home import Home
from worker.ledgers import migrating, schema
from worker.ledgers.engine import connect, reading, writing
from worker.ledgers.sql import SqlLedger
from worker.operating.books import take_stock

HOSTILE = '"><img src=x onerror=alert(1)> ' + "x" * 30
"""A cause of death that was never ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes


@dataclass(kw_only=True)
class Pages:
    """A Flower at work, and what it looks at."""

    port: int
    secret: str
    home: Home
    redis: server.EmbeddedRedis
    scene: Scene

    @property
    def url(self) -> str:
        """The page's address, with the login in it."""
        return f"http://triage:{self.secret}@127.0.0.1:{self.port}/fleet"

    def ask(self, path: str, secret: str | None = None, *, post: bool = False) -> Answer:
        """One request, without a login where no secret is given; redirects are followed."""
        request = Request(f"http://127.0.0.1:{self.port}{path}", method="POST" if post else "GET")
        if secret is not None:
            login = b64encode(f"triage:{secret}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def numbers(self) -> dict[str, Any]:
        """What the page shows, as JSON."""
        found: dict[str, Any] = json.loads(self.ask("/fleet.json", self.secret).body)
        return found

    def stock(self) -> dict[str, Any]:
        """What `triage books --json` says."""
        with closing(Broker(self.redis.url)) as broker:
            return take_stock(self.scene.ledger, broker).as_json()

    def agree(self) -> bool:
        """Whether the page's numbers are those of the books."""
        stock = self.stock()
        found = self.numbers()
        shared = stock.keys() - {"missing", "surplus"}
        return {name: found[name] for name in shared} == {name: stock[name] for name in shared}


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def _flower(folder: Path, port: int, home: Home, broker_url: str) -> Iterator[None]:
    (folder / "settings.toml").write_text(f"[pages]\nport = {port}\nsnapshot_seconds = 0.5\n")
    environment = {name: text for name, text in os.environ.items() if "TRIAGE_" not in name}
    ours = {"TRIAGE_HOME": home.root, "TRIAGE_CONFIG": folder, "TRIAGE_BROKER_URL": broker_url}
    conf = ROOT / "worker" / "pages" / "flowerconfig.py"
    with (folder / "flower.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "worker.app", "flower", f"--conf={conf}"],
            env=environment | {name: str(value) for name, value in ours.items()},
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: process.poll() is not None or _is_well(port), 60)
        assert process.poll() is None, (folder / "flower.log").read_text()
        yield
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()


def _is_well(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def at_work(folder: Path) -> Iterator[Pages]:
    """Flower with a password that it makes itself, over SQLite and a Redis of its own."""
    home = Home(folder / "home").prepare()
    with (
        server.start(home.redis) as redis,
        closing(SqlLedger(connect(f"sqlite:///{home.ledger}"))) as ledger,
    ):
        migrating.migrate(ledger.engine)
        pages = Pages(port=_free_port(), secret="", home=home, redis=redis, scene=Scene(ledger))
        _happen(pages)
        with _flower(folder, pages.port, home, redis.url):
            pages.secret = (home.root / "flower.password").read_text().strip()
            yield pages
        pages.redis.stop()


def _happen(pages: Pages) -> None:
    """Some tickets wait, some are dead, one with a cause that was never ours."""
    now = time.time()
    scene = pages.scene
    scene.work(at=now + 3_600)
    runs = scene.arrive(5, at=now - 60)
    for run, until_then in zip(runs[:2], (100, 200), strict=True):
        steps = (claimed(run), failed("classify"), waits("rate", now + until_then))
        scene.tell(run, *steps, at=now - 50)
    scene.tell(runs[2], claimed(runs[2]), failed("classify"), buried(HOSTILE), at=now - 50)
    scene.arrive(3, at=now - 60, malformed=("not_json", "line 1"))
    hints = [Hint(task="tasks.enrich", run=r.id, send_n=1, queue="economy") for r in runs[3:]]
    with closing(Broker(pages.redis.url)) as broker:
        broker.push(hints)


@contextmanager
def without_a_run(ledger: SqlLedger) -> Iterator[None]:
    """The books do not balance for a while."""
    runs = schema.runs
    with reading(ledger.engine) as connection:
        row = connection.execute(select(runs).limit(1)).mappings().one()
    with writing(ledger.engine) as connection:
        connection.execute(delete(runs).where(runs.c.id == row["id"]))
    try:
        yield
    finally:
        with writing(ledger.engine) as connection:
            connection.execute(insert(runs).values(**row))


@contextmanager
def without_workers(ledger: SqlLedger) -> Iterator[None]:
    """Nobody works for a while."""
    with reading(ledger.engine) as connection:
        rows = connection.execute(select(schema.workers)).mappings().all()
    with writing(ledger.engine) as connection:
        connection.execute(delete(schema.workers))
    try:
        yield
    finally:
        with writing(ledger.engine) as connection:
            connection.execute(insert(schema.workers), [dict(row) for row in rows])


@contextmanager
def without_a_ledger(ledger: SqlLedger) -> Iterator[None]:
    """The ledger cannot be read for a while."""
    with writing(ledger.engine) as connection:
        connection.execute(text("ALTER TABLE runs RENAME TO aside"))
    try:
        yield
    finally:
        with writing(ledger.engine) as connection:
            connection.execute(text("ALTER TABLE aside RENAME TO runs"))
