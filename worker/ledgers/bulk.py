"""Many rows in one go, inside the transaction that there is, as each database likes it best."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection as Psycopg
from sqlalchemy import Connection

from tasks.ports.ledger import Change
from worker.ledgers import postgres, sqlite

Row = tuple[Any, ...]
Columns = Mapping[str, str]
"""Columns with the type that each has on PostgreSQL."""


def add(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Adds rows that cannot exist yet."""
    names = ", ".join(columns)
    match driver := _driver(connection):
        case Psycopg():
            statement = f"COPY {table} ({names}) FROM STDIN"
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        case _:
            marks = ", ".join("?" for _ in columns)
            driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def add_new(connection: Connection, table: str, columns: Columns, rows: Sequence[Row]) -> set[Any]:
    """Adds the rows whose first column, the key, does not exist yet; these keys.

    Sort them: two that add the same rows wait for each other in that order.
    """
    if not rows:
        return set()
    key, names = next(iter(columns)), ", ".join(columns)
    match driver := _driver(connection):
        case Psycopg():
            arrays = ", ".join(f"%b::{kind}[]" for kind in columns.values())
            added = driver.execute(
                f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"
                f" ON CONFLICT DO NOTHING RETURNING {key}",
                [list(column) for column in zip(*rows, strict=True)],
            )
            return {row[0] for row in added}
        case _:
            known = f"SELECT 1 FROM {table} WHERE {key} = ?"
            new = {row[0]: row for row in rows if not driver.execute(known, row[:1]).fetchone()}
            add(connection, table, list(columns), new.values())
            return set(new)


def having(
    connection: Connection, table: str, columns: Sequence[str], keys: Collection[str]
) -> list[Row]:
    """These columns of the rows whose key, the first of them, is one of `keys`."""
    names, wanted = ", ".join(columns), list(keys)
    match driver := _driver(connection):
        case Psycopg():
            query = f"SELECT {names} FROM {table} WHERE {columns[0]} = ANY(%b::text[])"
            return list(driver.execute(query, [wanted]))
        case _:
            query = f"SELECT {names} FROM {table} JOIN json_each(?) ON value = {columns[0]}"
            return list(driver.execute(query, [json.dumps(wanted)]))


def change(connection: Connection, changes: Sequence[Change]) -> None:
    """Commits changes of runs that are locked already, with the transaction that there is."""
    match driver := _driver(connection):
        case Psycopg():
            postgres.commit(driver, changes)
        case _:
            sqlite.commit(driver, changes)


def _driver(connection: Connection) -> "Psycopg[Any] | sqlite3.Connection":
    driver = connection.connection.driver_connection
    assert isinstance(driver, Psycopg | sqlite3.Connection)  # noqa: S101 - see engine.connect
    return driver
