"""What a ticket costs in the ledger when a hundred thousand wait: `python -m tests.bench.backlog`.

Two ledgers of one database server, a short and a long backlog, are claimed from, sent from and
buried in turn, round by round, with the same groups; medians, in milliseconds a ticket. On
PostgreSQL what the claim's statement touches is read off its own plan besides.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from config.tiers import TierName
from tasks.chronicle import sent_again
from tasks.ports.ledger import Claim, Cursor, SealedKey, WorkerRow
from tasks.run import Incarnation, Run
from tests.ledgers import an_arrival
from tests.servers.postgres import Postgres
from tests.twins.clock import NOON, StillClock
from worker.carrying.notebook import change_of
from worker.ledgers import migrating, postgres
from worker.ledgers.engine import connect
from worker.ledgers.rows import encoded
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault

GROUP = 64
GROUPS = 10
REQUESTERS = 1_000
BATCH = 1_000
TIER: TierName = "economy"
OPERATIONS = ("claim", "reap", "send")


@dataclass(kw_only=True)
class Backlog:
    """One ledger with so much queued."""

    ledger: SqlLedger
    queued: int
    costs: dict[str, list[float]] = field(default_factory=lambda: {op: [] for op in OPERATIONS})
    lives: int = 0

    def fill(self) -> None:
        """Takes in as many tickets, and has the database know how many there are."""
        names = [f"{number:032x}" for number in range(REQUESTERS)]
        self.ledger.keep_keys([SealedKey(requester=name, cipher=b"k" * 60) for name in names])
        for start in range(0, self.queued, BATCH):
            numbers = range(start, min(start + BATCH, self.queued))
            arrivals = [
                an_arrival(says=f"{n:064x}", requester=names[n % REQUESTERS]) for n in numbers
            ]
            self.ledger.ingest(arrivals, cursor=Cursor(source="s", position=str(start)))
            _say(f"\r{numbers.stop} of {self.queued} taken in")
        _say("\n")
        with self.ledger.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")

    def round(self) -> None:
        """Claims, loses and sends again the same number of tickets."""
        self.lives += 1
        life = Incarnation(f"life-{self.lives}")
        self.ledger.born(_a_row(life))
        runs = list(self.ledger.queued(TIER, inf, GROUP * GROUPS))
        self._timed("claim", lambda: self._claim(runs, life))
        lost: list[Run] = []
        self._timed("reap", lambda: lost.extend(self.ledger.bury(life, NOON)))
        assert len(lost) == len(runs)
        self._timed("send", self._send)

    def _claim(self, runs: list[Run], life: Incarnation) -> None:
        for start in range(0, len(runs), GROUP):
            claims = [
                Claim(run=run.id, send_n=run.send_n, owner=life)
                for run in runs[start : start + GROUP]
            ]
            assert all(self.ledger.claim(claims, NOON))

    def _send(self) -> None:
        """As the reaper does with what the broker has lost."""
        found = self.ledger.queued(TIER, inf, GROUP * GROUPS)
        vault, clock = Vault(b"s" * 32, keep_days=1), StillClock()
        changes = [
            change_of(run, (sent_again(run),), None, vault=vault, clock=clock) for run in found
        ]
        assert all(self.ledger.commit(changes))

    def _timed(self, operation: str, work: Callable[[], None]) -> None:
        began = time.perf_counter()
        work()
        self.costs[operation].append((time.perf_counter() - began) * 1_000 / (GROUP * GROUPS))

    def pages(self) -> dict[str, float]:
        """Pages that a claim touches through each index, a ticket. PostgreSQL's own count."""
        runs = list(self.ledger.queued(TIER, inf, GROUP))
        wanted = encoded([[run.id, run.send_n, "nobody"] for run in runs])
        with self.ledger.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {postgres.CLAIM}"
            driver.execute(explain, (wanted, NOON))  # what is cold the first time is warm then
            driver.rollback()
            [[plan]] = driver.execute(explain, (wanted, NOON)).fetchall()
            driver.rollback()
        found: dict[str, float] = {}
        for node in _nodes(plan[0]["Plan"]):
            name = node.get("Index Name")
            if name:
                touched = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
                found[name] = found.get(name, 0.0) + round(touched / GROUP, 2)
        return found


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _a_row(life: Incarnation) -> WorkerRow:
    return WorkerRow(
        incarnation=life,
        host="here",
        pid=1,
        version="0",
        tiers=(TIER,),
        beat=0,
        started_at=NOON,
        beat_at=NOON,
    )


@contextmanager
def _ledgers(kind: str, folder: Path) -> Iterator[tuple[SqlLedger, SqlLedger]]:
    server = Postgres(_made(folder / "pg")) if kind == "postgres" else None
    opened = []
    for number in (1, 2):
        url = server.url(server.create()) if server else f"sqlite:///{folder / f'{number}.db'}"
        engine = connect(url)
        migrating.migrate(engine)
        opened.append(SqlLedger(engine))
    try:
        yield opened[0], opened[1]
    finally:
        for one in opened:
            one.close()
        if server:
            server.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def measure(kind: str, short: int, long: int, rounds: int) -> dict[str, Any]:
    """Both backlogs side by side."""
    with tempfile.TemporaryDirectory(prefix="backlog-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _ledgers(kind, folder) as (first, second):
            small, large = (
                Backlog(ledger=ledger, queued=queued)
                for ledger, queued in ((first, short), (second, long))
            )
            small.fill()
            large.fill()
            for turn in range(rounds + 1):
                for backlog in (small, large):
                    backlog.round()
                    if turn == 0:  # what is compiled and cached at first is nobody's figure
                        backlog.costs = {op: [] for op in OPERATIONS}
            found: dict[str, Any] = {"ledger": kind, "short": short, "long": long}
            for op in OPERATIONS:
                a, b = median(small.costs[op]), median(large.costs[op])
                found[op] = {"short_ms": round(a, 3), "long_ms": round(b, 3), "ratio": b / a}
            if kind == "postgres":
                found["pages"] = {"short": small.pages(), "long": large.pages()}
            return found


def _say(text: str) -> None:
    sys.stderr.write(text)


def main() -> None:
    """Prints a table, or with --json a document."""
    parser = argparse.ArgumentParser(prog="tests.bench.backlog", description=__doc__)
    parser.add_argument("--ledger", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--short", type=int, default=1_000)
    parser.add_argument("--long", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.ledger, asked.short, asked.long, asked.rounds)
    if asked.json:
        print(json.dumps(found))
        return
    print(
        f"| {asked.ledger}, ms a ticket | {asked.short:,} queued | {asked.long:,} queued | ratio |"
    )
    print("|---|---|---|---|")
    for op in OPERATIONS:
        cost = found[op]
        print(f"| {op} | {cost['short_ms']} | {cost['long_ms']} | {cost['ratio']:.2f} |")
    for index in sorted(found.get("pages", {}).get("long", {})):
        pages = found["pages"]
        print(
            f"| claim: pages of {index} | {pages['short'].get(index)} | {pages['long'][index]} | |"
        )


if __name__ == "__main__":
    main()
