"""The schema of every ledger: brought up to date by whoever comes first, checked at each start."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from tests.ledgers import a_queued
from tests.servers.processes import TwoProcesses, meet
from worker.ledgers import guards, migrating, schema
from worker.ledgers.engine import connect, reading, writing
from worker.ledgers.sql import SqlLedger
from worker.refusals import RefusedToStart


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    """A database without any table."""
    engine = connect(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(ledger: SqlLedger) -> Iterator[Engine]:
    """A ledger's database that is put in order again afterwards."""
    yield ledger.engine
    _say_revision(ledger.engine, schema.REVISION)
    migrating.migrate(ledger.engine)


def _say_revision(engine: Engine, revision: str) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_an_empty_database_becomes_a_ledger(empty: Engine) -> None:
    assert migrating.current(empty) is None
    with pytest.raises(RefusedToStart, match="schema is empty") as refusal:
        migrating.check(empty)
    assert "triage migrate" in refusal.value.remedy
    migrating.migrate(empty)
    assert migrating.current(empty) == schema.REVISION
    migrating.check(empty)
    assert SqlLedger(empty).books().balanced


def test_migrating_again_changes_nothing(ledger: SqlLedger) -> None:
    run = a_queued(ledger)
    migrating.migrate(ledger.engine)
    migrating.migrate(ledger.engine)
    migrating.check(ledger.engine)
    assert ledger.run(run.id) == run


def _migrate_with_the_other(url: str) -> str | None:
    engine = connect(url)
    meet()
    migrating.migrate(engine)
    migrating.check(engine)
    current = migrating.current(engine)
    engine.dispose()
    return current


def test_two_processes_may_migrate_an_empty_database_at_once(
    empty_url: str, two_processes: TwoProcesses
) -> None:
    work = (_migrate_with_the_other, (empty_url,))
    assert two_processes.run(work, work) == [schema.REVISION] * 2


def test_eight_connections_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """A new file is switched to its write-ahead log by whoever comes first."""
    for attempt in range(5):
        url = f"sqlite:///{tmp_path / f'{attempt}.db'}"
        barrier = Barrier(8)
        assert _opened_by(8, url, barrier) == ["wal"] * 8


def _opened_by(many: int, url: str, barrier: Barrier) -> list[str]:
    def open_it(_: int) -> str:
        engine = connect(url)
        barrier.wait()
        with reading(engine) as connection:
            mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        engine.dispose()
        return mode

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(open_it, range(many)))


def test_an_older_schema_is_refused(migrated: Engine) -> None:
    _say_revision(migrated, "0000")
    with pytest.raises(RefusedToStart, match="schema is 0000, this version needs") as refusal:
        migrating.check(migrated)
    assert "triage migrate" in refusal.value.remedy


@pytest.mark.parametrize("revision", [f"{int(schema.REVISION) + 2:04}", "ffff"])
def test_a_schema_that_this_version_does_not_know_is_refused(
    migrated: Engine, revision: str
) -> None:
    _say_revision(migrated, revision)
    migrating.migrate(migrated)
    with pytest.raises(RefusedToStart, match=f"schema is {revision}; this version knows"):
        migrating.check(migrated)


def test_the_next_schema_is_worked_on(migrated: Engine) -> None:
    """Migrations only add, so that a fleet can be brought up to date worker by worker."""
    _say_revision(migrated, "0006")
    migrating.migrate(migrated)
    migrating.check(migrated)
    assert migrating.current(migrated) == "0006"


def _guards(engine: Engine) -> list[str]:
    return list(guards.POSTGRES if engine.dialect.name == "postgresql" else guards.SQLITE)


def _remove(engine: Engine, guard: str) -> None:
    of_table = " ON events" if engine.dialect.name == "postgresql" else ""
    with writing(engine) as connection:
        connection.execute(text(f"DROP TRIGGER {guard}{of_table}"))


def test_a_guard_that_is_missing_is_named_and_put_back(migrated: Engine) -> None:
    for guard in _guards(migrated):
        _remove(migrated, guard)
        with pytest.raises(RefusedToStart, match=f"events be changed: {guard} is missing"):
            migrating.check(migrated)
        migrating.migrate(migrated)
        migrating.check(migrated)


def test_a_guard_that_is_turned_off_is_missing(ledger: SqlLedger) -> None:
    if ledger.engine.dialect.name == "sqlite":
        return  # there a trigger is there or is not
    with writing(ledger.engine) as connection:
        connection.execute(text("ALTER TABLE events DISABLE TRIGGER events_no_truncate"))
    with pytest.raises(RefusedToStart, match="events_no_truncate"):
        migrating.check(ledger.engine)
    migrating.migrate(ledger.engine)
    migrating.check(ledger.engine)


def test_the_migrations_make_the_schema_that_the_code_speaks_of(ledger: SqlLedger) -> None:
    with reading(ledger.engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, schema.metadata) == []


def test_sqlite_is_as_durable_and_as_strict_as_it_can_be(migrated_sqlite: Path) -> None:
    engine = connect(f"sqlite:///{migrated_sqlite}")
    settings = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "recursive_triggers": 1,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    with reading(engine) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in settings
        }
    assert found == settings
    engine.dispose()


@pytest.mark.parametrize("url", ["", "no url", "mysql://here/ledger", "ledger.db", "redis://here"])
def test_other_addresses_are_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(RefusedToStart, match="TRIAGE_LEDGER_URL") as refusal:
        connect(url)
    assert "postgresql://" in refusal.value.remedy
