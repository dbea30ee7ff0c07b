"""The hot path on SQLite: a group is one transaction, and no statement crosses a network."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from tasks.ports.ledger import Change, Claim, Claimed
from worker.ledgers.lines import Lines
from worker.ledgers.rows import (
    BODY_COLUMNS,
    EVENT_COLUMNS,
    MUTABLE,
    RUN_COLUMNS,
    WRITE_COLUMNS,
    body_values,
    claimed_of,
    encoded,
    event_values,
    run_of,
    status_values,
    write_rows,
)


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


CLAIM = f"""
UPDATE runs SET state = 'running', owner = ?, fence = fence + 1, seq = seq + 1, changed_at = ?
WHERE id = ? AND send_n = ? AND state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM workers WHERE incarnation = ? AND ended_at IS NOT NULL)
    AND NOT EXISTS (
        SELECT 1 FROM runs AS other
        WHERE other.ticket = runs.ticket AND (
            other.state = 'running'
            OR other.revision < runs.revision AND other.state IN ('queued', 'waiting')
        )
    )
RETURNING {", ".join(RUN_COLUMNS)}
"""
TICKET = """
SELECT keys.cipher, bodies.cipher, bodies.expires_at FROM (SELECT 1)
LEFT JOIN keys ON keys.requester = ?
LEFT JOIN bodies ON bodies.run = ? AND bodies.name = 'ticket'
"""
MOVE = f"""
UPDATE runs SET {", ".join(f"{name} = ?" for name in MUTABLE)}
WHERE id = ? AND seq = ? AND fence = ?
"""
EVENT = _insert("events", EVENT_COLUMNS)
BODY = _insert("bodies", BODY_COLUMNS)
WRITE = f"""
{_insert("writes", WRITE_COLUMNS)} ON CONFLICT (key) DO UPDATE
SET wanted = excluded.wanted, outcome = excluded.outcome, holds = excluded.holds,
    sweep_at = excluded.sweep_at
"""


class SqliteLane:
    """Claims and commits, each group in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._lines = Lines(engine, sqlite3.Connection, lambda _: None)

    def claim(self, claims: Sequence[Claim], at: float) -> list[Claimed | None]:
        """A claim that came too late gives None; so does the second one of the same message."""
        with self._transaction() as driver:
            return [_claim(driver, claim, at) for claim in claims]

    def commit(self, changes: Sequence[Change]) -> list[bool]:
        """False where the run had been moved by somebody else."""
        with self._transaction() as driver:
            return commit(driver, changes)

    def close(self) -> None:
        """Closes every connection."""
        self._lines.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Rolled back when it fails: its connection is then closed."""
        with self._lines.take() as driver:
            driver.execute("BEGIN IMMEDIATE")
            yield driver
            driver.execute("COMMIT")


def _claim(driver: sqlite3.Connection, claim: Claim, at: float) -> Claimed | None:
    row = driver.execute(CLAIM, (claim.owner, at, claim.run, claim.send_n, claim.owner)).fetchone()
    if row is None:
        return None
    run = run_of(row)
    told = encoded({"owner": run.owner, "fence": run.fence})
    driver.execute(EVENT, (run.id, run.seq, at, "claimed", told))
    return claimed_of(run, *driver.execute(TICKET, (run.requester, run.id)).fetchone())


def commit(driver: sqlite3.Connection, changes: Sequence[Change]) -> list[bool]:
    """Each in turn, in the transaction that there is."""
    return [_commit(driver, change) for change in changes]


def _commit(driver: sqlite3.Connection, change: Change) -> bool:
    before = change.before
    moved = driver.execute(
        MOVE, (*status_values(change.after), before.id, before.seq, before.fence)
    )
    if moved.rowcount != 1:
        return False
    driver.executemany(EVENT, map(event_values, change.events))
    driver.executemany(BODY, map(body_values, change.bodies))
    if change.writes:
        driver.executemany(WRITE, write_rows(change.writes))
    return True
