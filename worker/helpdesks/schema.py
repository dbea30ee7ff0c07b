"""The embedded helpdesk's tables."""

import fcntl
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from tasks.errors import HelpdeskDown

VERSION = 2
"""Versions only add: this one works in a file of the next one too, while both are running."""

NOTES = """
CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    ticket TEXT NOT NULL REFERENCES tickets,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    at REAL NOT NULL
)
"""

TABLES = (
    """
    CREATE TABLE tickets (
        external_id TEXT PRIMARY KEY,
        status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
        issue_type TEXT,
        priority TEXT,
        queue TEXT,
        escalated TEXT,
        source TEXT NOT NULL,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        channel TEXT NOT NULL,
        language TEXT,
        created_at TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL
    )
    """,
    # AUTOINCREMENT: a number that was given is never given again, so that a position stays true.
    """
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ticket TEXT NOT NULL REFERENCES tickets,
        author TEXT NOT NULL CHECK (author IN ('customer', 'agent')),
        body TEXT NOT NULL,
        at TEXT,
        reply INTEGER NOT NULL
    )
    """,
    "CREATE INDEX turns_ticket ON turns (ticket)",
    "CREATE INDEX turns_reply ON turns (reply) WHERE reply",
    NOTES,
    "CREATE INDEX notes_ticket ON notes (ticket)",
    "CREATE INDEX notes_key ON notes (key)",
    """
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        ticket TEXT NOT NULL REFERENCES tickets,
        at REAL NOT NULL,
        author TEXT NOT NULL,
        field TEXT NOT NULL,
        before TEXT,
        after TEXT,
        key TEXT
    )
    """,
    "CREATE INDEX history_ticket ON history (ticket)",
    "CREATE TABLE identity (name TEXT NOT NULL)",
    "INSERT INTO identity VALUES (lower(hex(randomblob(8))))",
)


FROM_1 = (
    # A helpdesk that is told to take twins must be able to: see EmbeddedHelpdesk.capabilities.
    "ALTER TABLE notes RENAME TO notes_1",
    "DROP INDEX notes_ticket",
    *TABLES[TABLES.index(NOTES) : TABLES.index(NOTES) + 3],
    "INSERT INTO notes SELECT id, key, ticket, author, body, at FROM notes_1",
    "DROP TABLE notes_1",
)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes the tables in the file where they are missing; several processes may come at once."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _version(connection) in {VERSION, VERSION + 1}:
        return
    # Two processes that turn one new file to WAL refuse each other: SQLite has neither wait.
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(connection)


def _make(connection: sqlite3.Connection) -> None:
    match _version(connection):
        case 0:
            connection.execute("PRAGMA journal_mode = WAL")
            _execute(connection, TABLES)
        case 1:
            _execute(connection, FROM_1)
        case int(other) if other > VERSION + 1:
            raise HelpdeskDown(f"the embedded helpdesk was made by another version ({other})")
        case _:
            return


def _execute(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    [(version,)] = connection.execute("PRAGMA user_version")
    return int(version)
