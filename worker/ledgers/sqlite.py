"""The hot path on SQLite: a group is one transaction, and no statement crosses a network."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from tasks.ports.ledger import Change, Claim, Claimed, Reserved
from worker.ledgers import spending
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
STANDS = "SELECT 1 FROM runs WHERE id = ? AND seq = ? AND fence = ?"
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

    def reserve(self, changes: Sequence[Change], caps: Mapping[str, int]) -> list[Reserved]:
        """As commit, for what fits under the day's caps."""
        with self._transaction() as driver:
            return spending.reserve(_Till(driver), changes, caps)

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
    """Each in turn, in the transaction that there is; what they settle too."""
    accepted = [_commit(driver, change) for change in changes]
    if spending.moves_money(changes):
        made = [change for change, ok in zip(changes, accepted, strict=True) if ok]
        spending.settle(_Till(driver), made)
    return accepted


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


@dataclass(frozen=True, slots=True)
class _Till:
    """Implements Till: whoever writes has all of the file to itself."""

    driver: sqlite3.Connection
    statements = spending.statements(lambda name: f":{name}")

    def held(self, changes: Sequence[Change]) -> list[int]:
        first = {(c.before.id, c.before.seq, c.before.fence): n for n, c in _last_first(changes)}
        return [n for key, n in first.items() if self.driver.execute(STANDS, key).fetchone()]

    def update(self, statement: str, values: spending.Values) -> int:
        return self.driver.execute(statement, values).rowcount

    def commit(self, changes: Sequence[Change]) -> list[bool]:
        return commit(self.driver, changes)


def _last_first(changes: Sequence[Change]) -> list[tuple[int, Change]]:
    """So that of two changes to one state the first one counts."""
    return [*enumerate(changes)][::-1]
