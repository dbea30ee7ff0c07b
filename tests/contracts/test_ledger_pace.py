"""How fast the ledger's hot path is; `pytest -s` shows the figures.

The limits are wide, for a busy machine: they catch what became slower by a factor, as a statement
per ticket does, or a plan that reads whole tables.
"""

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Any

import pytest
from sqlalchemy import event

from tasks.ports.ledger import Change, Cursor, SealedKey
from tasks.run import Run
from tests.ledgers import (
    ENRICHED,
    a_change,
    a_claim,
    a_text,
    an_arrival,
    claim_all,
    is_sqlite,
    take_in,
)
from tests.moneyed import a_wish, answered, reserved
from tests.twins.clock import NOON
from worker.ledgers import postgres, sqlite
from worker.ledgers.sql import SqlLedger

ARRIVALS = 10_000
BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What one of `count` things took, in milliseconds."""

    cpu: float  # of this process
    wall: float

    @property
    def a_second(self) -> float:
        """How many of them."""
        return 1_000 / self.wall


def _timed(count: int, work: Callable[[], object]) -> Pace:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    each = 1_000 / count
    return Pace(cpu=(time.process_time() - cpu) * each, wall=(time.perf_counter() - wall) * each)


def _say(ledger: SqlLedger, what: str, pace: Pace) -> None:
    sys.stdout.write(
        f"\n{ledger.engine.dialect.name:<11}{what:<24}{pace.a_second:>8.0f}/s"
        f"{pace.cpu:>8.3f} ms CPU{pace.wall:>8.3f} ms wall"
    )


def _in_groups(ledger: SqlLedger, runs: Sequence[Run], size: int) -> None:
    groups = [runs[start : start + size] for start in range(0, len(runs), size)]
    claimed: list[Run] = []

    def claim() -> None:
        for group in groups:
            found = ledger.claim([a_claim(run) for run in group], NOON)
            claimed.extend(one.run for one in found if one)

    claims = _timed(len(runs), claim)
    assert len(claimed) == len(runs)
    changes = [_enriched(run) for run in claimed]

    def commit() -> None:
        for start in range(0, len(changes), size):
            assert all(ledger.commit(changes[start : start + size]))

    commits = _timed(len(runs), commit)
    _say(ledger, f"claims, {size} a group", claims)
    _say(ledger, f"commits, {size} a group", commits)
    assert max(claims.cpu, commits.cpu) < 5


def _enriched(run: Run) -> Change:
    text = replace(a_text(run.id, f"facts.{run.seq + 1}"), cipher=b"\xff" * 2_048)
    return a_change(run, ENRICHED, bodies=(text,))


def test_the_hot_path_keeps_its_pace(ledger: SqlLedger) -> None:
    requesters = [f"{number:032x}" for number in range(500)]
    ledger.keep_keys([SealedKey(requester=name, cipher=b"k" * 60) for name in requesters])
    arrivals = [
        an_arrival(says=f"{number:064x}", requester=requesters[number % 500])
        for number in range(ARRIVALS)
    ]
    runs: list[Run] = []

    def ingest() -> None:
        for start in range(0, ARRIVALS, BATCH):
            cursor = Cursor(source="s", position=str(start))
            runs.extend(ledger.ingest(arrivals[start : start + BATCH], cursor=cursor).runs)

    paces = _timed(ARRIVALS, ingest)
    _say(ledger, f"arrivals, {BATCH} a batch", paces)
    assert paces.cpu < 2
    _in_groups(ledger, runs[:2_048], 64)
    _in_groups(ledger, runs[2_048:2_848], 8)
    _in_groups(ledger, runs[2_848:2_948], 1)
    again = _timed(ARRIVALS, ingest)
    _say(ledger, "arrivals known already", again)
    assert len(runs) == ARRIVALS


def _with_numbers(statement: str) -> str:
    count = iter(range(1, 100))
    return re.sub("%[sb]", lambda _: f"${next(count)}", statement)


NEVER_SEEN = """
UPDATE pg_class SET reltuples = -1, relpages = 0
WHERE oid IN ('runs'::regclass, 'keys'::regclass, 'bodies'::regclass)
"""
"""What PostgreSQL knows of a new table. It may have looked at one that another test emptied, and
where it knows that there is nothing it reads any index to its end; no fleet has such a table."""


@pytest.mark.parametrize(
    "statement",
    [postgres.CLAIM, postgres.COMMIT, postgres.HOLD],
    ids=["claim", "commit", "hold"],
)
def test_the_hot_path_touches_rows_by_their_keys_alone(ledger: SqlLedger, statement: str) -> None:
    """Also in a plan that was made while every table was empty, and serves from then on."""
    if is_sqlite(ledger):
        return  # it knows no other plan for these statements
    lane = ledger._lane  # noqa: SLF001 - the plan depends on how its connections are prepared
    assert isinstance(lane, postgres.PostgresLane)
    # In one transaction, whose locks keep autovacuum from looking at the tables in between.
    with lane._lines.take() as driver, driver.transaction(force_rollback=True):  # noqa: SLF001
        driver.execute("ANALYZE runs, keys, bodies")
        driver.execute(NEVER_SEEN)
        explain = f"EXPLAIN (GENERIC_PLAN) {_with_numbers(statement)}"
        plan = [row[0] for row in driver.execute(explain.encode(), prepare=False)]
    scans = [
        (line.strip(), after.strip())
        for line, after in pairwise(plan)
        if re.search(r"Scan.* on (runs|keys|bodies)\b", line)
    ]
    assert scans
    for scan, condition in scans:
        assert re.match(r"-> +Index Scan using (\w+_pkey|pk_\w+|uq_runs_ticket_revision) on", scan)
        assert condition.startswith("Index Cond")


def test_money_that_fits_is_one_statement_for_a_group(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reserved and settled; the day's first group makes its row. Without money there is none."""
    told: list[str] = []
    for till in (sqlite._Till, postgres._Till):  # noqa: SLF001 - where each statement passes

        def update(self: Any, statement: str, values: Any, do: Any = till.update) -> int:  # noqa: ANN401
            told.append(statement.split(maxsplit=1)[0])
            count: int = do(self, statement, values)
            return count

        monkeypatch.setattr(till, "update", update)
    reserved(ledger, 1)
    assert told == ["UPDATE", "INSERT", "UPDATE"]
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(64))))
    plain = [a_change(run, ENRICHED) for run in runs]
    assert all(ledger.commit(plain))
    assert len(told) == 3
    wishes = [a_wish(change.after, 1) for change in plain]
    assert all(ledger.reserve(wishes))
    assert len(told) == 4
    assert all(ledger.commit([a_change(wish.after, answered(1)) for wish in wishes]))
    assert len(told) == 5


def test_a_page_of_a_backlog_is_read_in_the_order_of_its_index(ledger: SqlLedger) -> None:
    """All of an intake is sent in one moment: sorting it for each page would cost all of it."""
    ledger.ingest([an_arrival(says=f"{n:064x}") for n in range(2_000)], cursor=None)
    asked: list[tuple[str, Any]] = []
    event.listen(
        ledger.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3]))
    )
    first = ledger.queued("economy", inf, 64)
    second = ledger.queued("economy", inf, 64, after=first[-1])
    assert [run.id for run in (*first, *second)] == sorted(run.id for run in (*first, *second))
    pages = [(statement, given) for statement, given in asked if statement.startswith("SELECT")]
    assert len(pages) == 2
    explain = "EXPLAIN QUERY PLAN " if is_sqlite(ledger) else "EXPLAIN "
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        for statement, given in pages:
            rows = connection.exec_driver_sql(explain + statement, given).all()
            plan = "\n".join(str(row[-1]) for row in rows)
            assert "ix_runs_state_tier_sent_at_id" in plan
            assert not re.search(r"Sort|TEMP B-TREE", plan), plan
