"""A field of an event's body, as each database reads JSON from text."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, cast, func

from worker.ledgers import schema


def told(connection: Connection, name: str) -> ColumnElement[Any]:
    """The field of that name as text (a number on SQLite); NULL where there is none.

    `name` is ours, never a stranger's.
    """
    body = schema.events.c.body
    field: ColumnElement[Any] = func.json_extract(body, f"$.{name}")
    if connection.dialect.name == "postgresql":
        field = cast(body, JSON)[name].as_string()
    return field
