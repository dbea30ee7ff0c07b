"""The hot path on PostgreSQL: one round trip for a whole group, each row fenced on its own.

A statement outside of any transaction is one by itself, so that neither BEGIN nor COMMIT is sent.
Groups are sorted: two that meet wait for each other in one order. A plan is made once for each
connection, often while the tables are empty, and has to serve when they are not: each statement
names the runs that it means as an array, which leaves no way to them but by their keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection as Driver
from psycopg.errors import UniqueViolation
from psycopg.types.numeric import Int8
from sqlalchemy import Engine

from tasks.ports.ledger import Change, Claim, Claimed, Reserved
from tasks.run import RunId
from worker.ledgers import spending
from worker.ledgers.lines import Lines
from worker.ledgers.rows import (
    BOOLEANS,
    MUTABLE,
    RUN_COLUMNS,
    claimed_of,
    encoded,
    event_values,
    run_of,
    status_values,
    write_rows,
)

INTEGERS = {"seq", "fence", "send_n", "attempts", "requeues", "priority", "deaths", "calls"}
BIG = {"micro_usd", "tokens", "reserved"}
NUMBERS = {"changed_at", "sent_at", "due_at", "routed_at", "handed_at"}


def _cast(column: str) -> str:
    if column in BIG:
        return "::bigint"
    if column in BOOLEANS:
        return "::bool"
    return "::int" if column in INTEGERS else "::float8" if column in NUMBERS else ""


CLAIM = f"""
WITH wanted AS (
    SELECT c->>0 AS run, (c->>1)::int AS send_n, c->>2 AS owner
    FROM jsonb_array_elements(%s::jsonb) AS c
), moved AS (
    UPDATE runs SET state = 'running', owner = wanted.owner, fence = fence + 1, seq = seq + 1,
        changed_at = %s
    FROM wanted
    WHERE runs.id = ANY (ARRAY(SELECT run FROM wanted))
        AND runs.id = wanted.run AND runs.send_n = wanted.send_n
        AND runs.state IS NOT DISTINCT FROM 'queued' -- in words that no index knows
        AND NOT EXISTS (
            SELECT 1 FROM workers
            WHERE workers.incarnation = wanted.owner AND workers.ended_at IS NOT NULL
        )
        AND (runs.revision = 1 OR NOT EXISTS (
            SELECT 1 FROM runs AS older
            WHERE older.ticket = runs.ticket AND older.revision < runs.revision
                AND older.state IN ('queued', 'running', 'waiting')
        ))
    RETURNING {", ".join(f"runs.{name}" for name in RUN_COLUMNS)}
), told AS (
    INSERT INTO events (run, seq, at, kind, body)
    SELECT id, seq, changed_at, 'claimed',
        json_build_object('owner', owner, 'fence', fence)::text
    FROM moved
)
-- The limits keep the planner from ever reading all keys and texts for one of each.
SELECT moved.*, k.cipher, b.cipher, b.expires_at FROM moved
LEFT JOIN LATERAL (
    SELECT cipher FROM keys WHERE keys.requester = moved.requester LIMIT 1
) AS k ON true
LEFT JOIN LATERAL (
    SELECT cipher, expires_at FROM bodies
    WHERE bodies.run = moved.id AND bodies.name = 'ticket' LIMIT 1
) AS b ON true
"""

COMMIT = f"""
WITH wanted AS (
    SELECT (c->>0)::int AS n, c->>1 AS run, (c->>2)::int AS old_seq, (c->>3)::int AS old_fence,
        {", ".join(f"(c->>{n}){_cast(name)} AS {name}" for n, name in enumerate(MUTABLE, 4))}
    FROM jsonb_array_elements(%s::jsonb) AS c
), moved AS (
    UPDATE runs SET {", ".join(f"{name} = wanted.{name}" for name in MUTABLE)}
    FROM wanted
    WHERE runs.id = ANY (ARRAY(SELECT run FROM wanted))
        AND runs.id = wanted.run AND runs.seq = wanted.old_seq AND runs.fence = wanted.old_fence
    RETURNING wanted.n
), told AS (
    INSERT INTO events (run, seq, at, kind, body)
    SELECT e->>1, (e->>2)::int, (e->>3)::float8, e->>4, e->>5
    FROM jsonb_array_elements(%s::jsonb) AS e JOIN moved ON moved.n = (e->>0)::int
), kept AS (
    INSERT INTO bodies (run, name, requester, expires_at, cipher)
    SELECT b->>1, b->>2, b->>3, (b->>4)::float8,
        substring(%b::bytea FROM (b->>5)::int FOR (b->>6)::int)
    FROM jsonb_array_elements(%s::jsonb) AS b JOIN moved ON moved.n = (b->>0)::int
), noted AS (
    INSERT INTO writes (key, run, target, before, wanted, outcome, holds, sweep_at, seq)
    SELECT w->>1, w->>2, w->>3, w->>4, w->>5, w->>6, w->>7, (w->>8)::float8, (w->>9)::int
    FROM jsonb_array_elements(%s::jsonb) AS w JOIN moved ON moved.n = (w->>0)::int
    ON CONFLICT (key) DO UPDATE
    SET wanted = excluded.wanted, outcome = excluded.outcome, holds = excluded.holds,
        sweep_at = excluded.sweep_at
)
SELECT n FROM moved
"""

HOLD = """
SELECT id, seq, fence FROM runs WHERE id = ANY (%b::text[]) ORDER BY id FOR NO KEY UPDATE
"""

DETOURS = ["enable_seqscan", "enable_bitmapscan"]
"""Ways to read whole tables."""


class PostgresLane:
    """Claims and commits, each group in one statement."""

    def __init__(self, engine: Engine) -> None:
        self._lines = Lines(engine, Driver, _prepare)

    def claim(self, claims: Sequence[Claim], at: float) -> list[Claimed | None]:
        """A claim that came too late gives None; so does the second one of the same message."""
        try:
            with self._lines.take() as driver:
                return claim(driver, claims, at)
        except UniqueViolation:
            # Somebody has begun another revision of a ticket at this very moment.
            return [None] if len(claims) == 1 else [self.claim([one], at)[0] for one in claims]

    def commit(self, changes: Sequence[Change]) -> list[bool]:
        """False where the run had been moved by somebody else."""
        with self._lines.take() as driver:
            if not spending.moves_money(changes):
                return commit(driver, changes)
            with driver.transaction():
                return commit(driver, changes)

    def reserve(self, changes: Sequence[Change], caps: Mapping[str, int]) -> list[Reserved]:
        """As commit, for what fits under the day's caps."""
        with self._lines.take() as driver, driver.transaction():
            return spending.reserve(_Till(driver), changes, caps)

    def close(self) -> None:
        """Closes every connection."""
        self._lines.close()


def _prepare(driver: "Driver[Any]") -> None:
    driver.autocommit = True
    driver.prepare_threshold = 0
    driver.execute(
        "SELECT set_config(name, 'off', false) FROM unnest(%s::text[]) AS name", [DETOURS]
    )


def claim(driver: "Driver[Any]", claims: Sequence[Claim], at: float) -> list[Claimed | None]:
    """One statement for all of them."""
    wanted = {(claim.run, claim.send_n): claim.owner for claim in reversed(claims)}
    rows = [[run, send_n, owner] for (run, send_n), owner in sorted(wanted.items())]
    found: dict[tuple[RunId, int], Claimed] = {}
    for *status, key, cipher, expires_at in driver.execute(CLAIM, (encoded(rows), at), binary=True):
        run = run_of(status)
        found[run.id, run.send_n] = claimed_of(run, key, cipher, expires_at)
    return [found.pop((claim.run, claim.send_n), None) for claim in claims]


def commit(driver: "Driver[Any]", changes: Sequence[Change]) -> list[bool]:
    """One statement for all of them, in the transaction that there is, or in one by itself.

    Where they settle something, one more for each day; then there must be a transaction.
    """
    accepted = _commit(driver, changes)
    if spending.moves_money(changes):
        spending.settle(_Till(driver), [changes[n] for n in sorted(accepted)])
    return [n in accepted for n in range(len(changes))]


def _commit(driver: "Driver[Any]", changes: Sequence[Change]) -> set[int]:
    """Which of them were accepted."""
    moves, events, bodies, writes = [], [], [], []
    ciphers, place = [], 1
    for _, n in sorted(_first(changes).items()):
        change = changes[n]
        before = change.before
        moves.append((n, before.id, before.seq, before.fence, *status_values(change.after)))
        events += [(n, *event_values(event)) for event in change.events]
        for body in change.bodies:
            size = len(body.cipher)
            bodies.append((n, body.run, body.name, body.requester, body.expires_at, place, size))
            ciphers.append(body.cipher)
            place += size
        if change.writes:
            writes += [(n, *row) for row in write_rows(change.writes)]
    told = driver.execute(
        COMMIT,
        (encoded(moves), encoded(events), b"".join(ciphers), encoded(bodies), encoded(writes)),
        binary=True,
    )
    return {n for (n,) in told}


def _first(changes: Sequence[Change]) -> dict[tuple[RunId, int, int], int]:
    """Of two changes to one state the first one counts: an update would take either of them."""
    return {
        (c.before.id, c.before.seq, c.before.fence): n for n, c in reversed([*enumerate(changes)])
    }


@dataclass(frozen=True, slots=True)
class _Till:
    """Implements Till: the runs are locked first, the day's row last."""

    driver: "Driver[Any]"
    statements = spending.statements(lambda name: f"%({name})b")

    def held(self, changes: Sequence[Change]) -> list[int]:
        first = _first(changes)
        found = self.driver.execute(HOLD, [sorted({run for run, _, _ in first})], binary=True)
        return [first[row] for row in found if row in first]

    def update(self, statement: str, values: spending.Values) -> int:
        # Of one size, whatever the amount: else there would be a plan for each that occurs.
        sized = {k: Int8(v) if isinstance(v, int) else v for k, v in values.items()}
        return self.driver.execute(statement.encode(), sized).rowcount

    def commit(self, changes: Sequence[Change]) -> list[bool]:
        return commit(self.driver, changes)
