"""One SQLite file: opened at its first use, one connection, one thread at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from tasks.errors import HelpdeskDown
from worker.helpdesks.schema import prepare

BUSY_SECONDS = 5.0
"""How long another process may hold the file: its transactions take under a millisecond each."""

BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What sqlite3 raises when the file is sound and our statement is not."""


class Database:
    """Gives transactions. Any thread may ask; those of one process wait for each other in a lock.

    SQLite lets one connection write at a time and has the others poll; threads that queue here
    instead lose no time to that.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._alone = Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that has the write lock from its first statement on.

        Committed when the block ends, taken back when it raises. Raises HelpdeskDown when the
        file cannot be read or written, or is locked for too long.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot; it waits for no other process. Raises HelpdeskDown."""
        with self._transaction("BEGIN") as connection:
            yield connection

    def scrub(self) -> None:
        """SQLite's log keeps what was overwritten until it begins anew. Raises HelpdeskDown."""
        with self._alone:
            try:
                self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except (sqlite3.DatabaseError, OSError) as error:
                self._drop()
                raise HelpdeskDown(self._trouble(error)) from error

    def close(self) -> None:
        """Ends the connection, after the transaction that is running. Later ones are refused."""
        self._closed = True
        with self._alone:
            self._drop()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._alone:
            try:
                connection = self._open()
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except BUGS:
                self._drop()
                raise
            except (sqlite3.DatabaseError, OSError) as error:
                self._drop()
                raise HelpdeskDown(self._trouble(error)) from error
            except BaseException:
                self._drop()  # closing takes the transaction back
                raise

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise HelpdeskDown("the embedded helpdesk is closed: this process is ending")
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._path,
                timeout=self._busy_seconds,
                isolation_level=None,  # transactions are begun above, not by the driver
                check_same_thread=False,  # the lock keeps threads apart
            )
            prepare(self._connection, self._path)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _trouble(self, error: Exception) -> str:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return f"the embedded helpdesk {self._path} does not answer: {name}"
