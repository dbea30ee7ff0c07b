"""One query to somebody else's database, in a thread, which whoever waits for it may interrupt."""

import contextlib
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock

from sqlalchemy import Connection, CursorResult, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from config.facts import Fact
from tasks.errors import FactsDown
from worker.facts.reading import MOST_ROWS

Row = Mapping[str, object]
MILLI = 1_000


class Job:
    """`run` is for the thread, `abandon` for everybody else."""

    def __init__(
        self, fact: Fact, keys: Mapping[str, str | None], opened: Callable[[], Engine], *, told: str
    ) -> None:
        self._fact = fact
        self._keys = keys
        self._opened = opened
        self._told = told
        self._lock = Lock()
        self._connection: object = None  # the driver's own
        self._is_abandoned = False

    def run(self) -> Sequence[Row]:
        """The rows, one more than there may be at most. Raises FactsDown."""
        try:
            return self._run()
        except SQLAlchemyError as error:
            message = f"{self._told}: {_named(error)}"
            raise FactsDown(message) from error

    def abandon(self) -> None:
        """Nobody waits for it any more: the thread is let go."""
        with self._lock:
            self._is_abandoned = True
            _interrupt(self._connection)

    def _run(self) -> Sequence[Row]:
        engine = self._opened()
        try:
            return self._rows(engine)
        except DBAPIError as error:
            # A connection that had died in the pool says nothing of the database as it is now.
            if self._is_abandoned or not error.connection_invalidated:
                raise
        return self._rows(engine)

    def _rows(self, engine: Engine) -> Sequence[Row]:
        with engine.connect() as connection, self._interruptible(connection):
            result = connection.execute(text(_asked(connection, self._fact)), dict(self._keys))
            with contextlib.closing(result):
                self._refuse_lacking(result)
                return [dict(row) for row in result.mappings().fetchmany(MOST_ROWS + 1)]

    @contextlib.contextmanager
    def _interruptible(self, connection: Connection) -> Iterator[None]:
        with self._lock:
            if self._is_abandoned:
                message = f"{self._told}: nobody waits for it any more"
                raise FactsDown(message)
            self._connection = connection.connection.dbapi_connection
        try:
            yield
        finally:
            with self._lock:  # from here on it is the next one's
                self._connection = None

    def _refuse_lacking(self, result: CursorResult[object]) -> None:
        """Also where there are no rows, so that `triage check` sees it."""
        fact, given = self._fact, list(result.keys())
        ways = [theirs.name for theirs in fact.fields.values()]
        ways += [fact.whose, fact.as_of.name if fact.as_of else ""]
        for way in filter(None, ways):
            if way not in given and way.split(".")[0] not in given:
                message = f"{self._told}: the query gives no {way!r}; it gives {', '.join(given)}"
                raise FactsDown(message)


def _asked(connection: Connection, fact: Fact) -> str:
    """Has the connection read alone and for that long; the query, of no more rows than are read.

    As part of another query it can be nothing but one that reads, too.
    """
    bounded = f"SELECT * FROM (\n{fact.query}\n) AS facts LIMIT {MOST_ROWS + 1}"  # noqa: S608 - config's own
    match connection.dialect.name:
        case "postgresql":
            connection.execution_options(postgresql_readonly=True)
            seconds = int(fact.timeout_seconds * MILLI)
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds}")
            return bounded
        case "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
            return bounded
        case _:  # not all have LIMIT
            return fact.query


def _named(error: SQLAlchemyError) -> str:
    """What went wrong by its name: a database's own words may quote what it was asked by."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    orig = error.orig
    code = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    return f"{type(orig).__name__}{f' ({code})' if code else ''}"


def _interrupt(connection: object) -> None:
    """Ends what the driver waits for, from another thread."""
    if isinstance(connection, sqlite3.Connection):
        connection.interrupt()
    elif callable(number := getattr(connection, "fileno", None)):
        # The server may have stopped altogether, so it is no use to ask it to cancel.
        with contextlib.suppress(Exception), socket.socket(fileno=os.dup(number())) as line:
            line.shutdown(socket.SHUT_RDWR)
