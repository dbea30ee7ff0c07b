"""Connects to the ledger's database as this ledger needs it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tasks.errors import LedgerDown
from worker.ledgers.filesystem import shared
from worker.ledgers.outage import answering, is_outage
from worker.refusals import RefusedToStart

BUSY_SECONDS = 30.0
"""How long a writer on SQLite waits for the others."""

REACHABLE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,  # a server whose machine is gone never says so
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "triage-fleet",
}
"""For libpq: how soon silence counts as an answer; seconds, the last one milliseconds."""

REMEDY = "use postgresql://USER:PASSWORD@HOST/DATABASE, or leave it unset for SQLite in TRIAGE_HOME"


def connect(url: str) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…`. Raises RefusedToStart for others."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        message = "TRIAGE_LEDGER_URL is no database URL"
        raise RefusedToStart(message, remedy=REMEDY) from error
    match parsed.get_backend_name():
        case "sqlite":
            _refuse_shared(parsed.database)
            return _sqlite(url)
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_size=4,
                max_overflow=8,
                isolation_level="READ COMMITTED",
                connect_args=REACHABLE,
            )
        case other:
            message = f"TRIAGE_LEDGER_URL names {other}, which no ledger is written for"
            raise RefusedToStart(message, remedy=REMEDY)


def _refuse_shared(database: str | None) -> None:
    """Two machines with one file would each believe that they alone have its lock."""
    kind = shared(Path(database).parent) if database else None
    if kind:
        raise RefusedToStart(
            f"The ledger {database} lies on a network file system ({kind}): SQLite's locks do not "
            "hold there, and books would be lost.",
            remedy="Set TRIAGE_HOME to a directory on a local disk, or TRIAGE_LEDGER_URL to a "
            "PostgreSQL.",
        )


def _sqlite(url: str) -> Engine:
    # Pooled: whoever closes the last connection to a file writes all of its log back.
    engine = create_engine(
        url,
        pool_size=4,
        max_overflow=8,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        connection.isolation_level = None  # transactions are begun below, not by the driver
        _write_ahead(connection)
        for pragma in (
            "synchronous=FULL",
            "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the append-only trigger
            "foreign_keys=ON",
            "secure_delete=FAST",  # a key that is deleted is not left lying in the file
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that writes takes the lock at once: upgrading later is a deadlock.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """A new file is switched by whoever comes first; SQLite does not wait for others in that."""
    for _ in range(TURNS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            connection.execute("BEGIN IMMEDIATE")  # here it does
            connection.execute("ROLLBACK")
        else:
            return
    message = "the file is locked by others again and again"
    raise LedgerDown(message)


TURNS = 100
"""How many others may come first."""


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot to read from. Raises LedgerDown."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with (
        answering(),
        _all_or_none(engine),
        engine.connect().execution_options(reading=True, **options) as connection,
    ):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end. Raises LedgerDown."""
    with answering(), _all_or_none(engine), engine.begin() as connection:
        yield connection


@contextmanager
def _all_or_none(engine: Engine) -> Iterator[None]:
    """When the driver itself says that the server has gone, no connection is used again.

    What goes through SQLAlchemy it sees to by itself; bulk.py talks to the driver.
    """
    try:
        yield
    except (psycopg.Error, sqlite3.Error) as error:
        if is_outage(error):
            engine.dispose()
        raise
