"""A database that does not answer is said to be down, and used again as soon as it is back."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from tasks.errors import LedgerDown
from tasks.ports.ledger import Cursor, Filter, SealedKey
from tasks.run import RunId
from tests.acceptance.patience import until
from tests.ledgers import ENRICHED, ME, a_change, a_claim, a_queued, a_running, an_arrival, empty
from tests.twins.clock import NOON
from worker.ledgers import engine
from worker.ledgers.sql import SqlLedger

CALLS: dict[str, Callable[[SqlLedger], object]] = {
    "ingest": lambda ledger: ledger.ingest([an_arrival()], cursor=Cursor(source="s", position="1")),
    "claim": lambda ledger: ledger.claim([], NOON),
    "commit": lambda ledger: ledger.commit([]),
    "reserve": lambda ledger: ledger.reserve([]),
    "accounts": lambda ledger: ledger.accounts("2026-01-01"),
    "keep_keys": lambda ledger: ledger.keep_keys([SealedKey(requester="r", cipher=b"k")]),
    "run": lambda ledger: ledger.run(RunId("r")),
    "runs": lambda ledger: list(ledger.runs(Filter())),
    "events": lambda ledger: ledger.events(RunId("r")),
    "books": lambda ledger: ledger.books(),
    "beat": lambda ledger: ledger.beat(ME, NOON),
    "take_role": lambda ledger: ledger.take_role("reaper", ME, 0),
}
WRITES = ("ingest", "claim", "commit", "reserve", "keep_keys", "beat", "take_role")


@pytest.fixture
def on_postgres(migrated_postgres: str) -> Iterator[SqlLedger]:
    """An empty ledger on PostgreSQL."""
    empty(migrated_postgres)
    opened = SqlLedger(engine.connect(migrated_postgres))
    yield opened
    opened.close()


def _end_all_others(url: str, but: int = 0) -> None:
    """Ends every connection to that database, as a restart of the server does."""
    others = (
        " FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid NOT IN (pg_backend_pid(), %s)"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid){others}".encode(), (but,))
        left = f"SELECT 1{others}".encode()
        until(lambda: connection.execute(left, (but,)).fetchone() is None)


def _warm_up(ledger: SqlLedger) -> None:
    """Leaves several connections of each kind in their pools.

    The hot path's first: it takes its connections out of the engine's pool for good.
    """
    barrier = Barrier(3)

    def look(_: int) -> None:
        with engine.reading(ledger.engine):
            barrier.wait()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: ledger.claim([], NOON), range(3)))
        list(pool.map(look, range(3)))


@pytest.mark.parametrize("call", CALLS)
def test_after_a_restart_of_the_server_one_call_fails_and_the_next_works(
    on_postgres: SqlLedger, migrated_postgres: str, call: str
) -> None:
    _warm_up(on_postgres)
    _end_all_others(migrated_postgres)
    with pytest.raises(LedgerDown):
        CALLS[call](on_postgres)
    CALLS[call](on_postgres)
    for other in CALLS.values():
        with suppress(LedgerDown):  # a pool of the other kind learns it by itself, once
            other(on_postgres)
        other(on_postgres)


def test_a_connection_lost_in_the_middle_of_a_commit_says_so(
    on_postgres: SqlLedger, migrated_postgres: str
) -> None:
    change = a_change(a_running(on_postgres), ENRICHED)
    with (
        psycopg.connect(migrated_postgres) as blocker,
        ThreadPoolExecutor(1) as pool,
    ):
        blocker.execute("SELECT 1 FROM runs FOR UPDATE")
        committing = pool.submit(on_postgres.commit, [change])
        until(lambda: _somebody_waits_for_a_lock(migrated_postgres))
        _end_all_others(migrated_postgres, but=blocker.info.backend_pid)
        with pytest.raises(LedgerDown):
            committing.result()
        blocker.rollback()
    assert on_postgres.run(change.before.id) == change.before
    assert list(on_postgres.commit([change])) == [True]


def _somebody_waits_for_a_lock(url: str) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone() is not None


@pytest.mark.parametrize("call", CALLS)
def test_a_server_that_is_not_there_is_down(tmp_path: Path, call: str) -> None:
    ledger = SqlLedger(engine.connect(f"postgresql://nobody@/nothing?host={tmp_path}"))
    for _ in range(2):
        with pytest.raises(LedgerDown, match="does not answer: OperationalError"):
            CALLS[call](ledger)
    ledger.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.fixture
def sqlite_file(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger's file; whoever finds it locked soon gives up."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.01)
    return Path(shutil.copyfile(migrated_sqlite, tmp_path / "ledger.db"))


@pytest.fixture
def on_sqlite(sqlite_file: Path) -> Iterator[SqlLedger]:
    """A ledger on SQLite."""
    opened = SqlLedger(engine.connect(f"sqlite:///{sqlite_file}"))
    yield opened
    opened.close()


@pytest.mark.parametrize("call", WRITES)
def test_a_file_that_somebody_else_keeps_locked_is_down_until_it_is_free(
    on_sqlite: SqlLedger, sqlite_file: Path, call: str
) -> None:
    with _locked(sqlite_file):
        for _ in range(2):
            with pytest.raises(LedgerDown):
                CALLS[call](on_sqlite)
        assert on_sqlite.books().balanced, "whoever reads is not kept waiting"
    CALLS[call](on_sqlite)


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_cannot_be_opened_is_down(tmp_path: Path, call: str) -> None:
    ledger = SqlLedger(engine.connect(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.db'}"))
    with pytest.raises(LedgerDown):
        CALLS[call](ledger)
    ledger.close()


def test_a_database_without_a_schema_is_down(postgres_url: str, tmp_path: Path) -> None:
    """And no bug of the ticket's: nothing is decided where there is no ledger."""
    for url in (postgres_url, f"sqlite:///{tmp_path / 'empty.db'}"):
        ledger = SqlLedger(engine.connect(url))
        for call in ("books", "ingest", "run"):
            with pytest.raises(LedgerDown):
                CALLS[call](ledger)
        ledger.close()


def test_a_wrong_question_is_no_outage(ledger: SqlLedger) -> None:
    with (
        pytest.raises(Exception, match="nonsense"),
        engine.reading(ledger.engine) as connection,
    ):
        connection.exec_driver_sql("SELECT nonsense FROM runs")
    run = a_queued(ledger)
    assert ledger.claim([a_claim(run)], NOON) != [None]
