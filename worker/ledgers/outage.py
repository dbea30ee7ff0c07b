"""Tells a database that does not answer from a question that was wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import ReadOnlySqlTransaction, UndefinedTable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tasks.errors import LedgerDown

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, ReadOnlySqlTransaction, UndefinedTable)
"""What PostgreSQL's driver raises when the server is gone, full, a mere copy, or has no schema."""


@contextmanager
def answering() -> Iterator[None]:
    """Within it, whatever says that the database does not answer is raised as LedgerDown."""
    try:
        yield
    except (psycopg.Error, sqlite3.Error) as error:
        if not is_outage(error):
            raise
        raise _down(error) from error
    except DBAPIError as error:
        if not (error.connection_invalidated or is_outage(error.orig)):
            raise
        raise _down(error.orig) from error
    except PoolTimeout as error:
        raise _down(error) from error


def is_outage(error: BaseException | None) -> bool:
    """Whether it would have worked with a database in good health."""
    if type(error) is sqlite3.DatabaseError:  # the file is damaged, or is none of SQLite's
        return True
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        asked_wrongly = code & 0xFF == sqlite3.SQLITE_ERROR
        return not asked_wrongly or str(error).startswith("no such table")
    return isinstance(error, AWAY)


def _down(error: BaseException | None) -> LedgerDown:
    if type(error) is sqlite3.DatabaseError:
        return LedgerDown(f"the ledger cannot be read: {error}; restore it from a backup")
    return LedgerDown(f"the ledger does not answer: {type(error).__name__}")
