"""Brings a ledger's schema up to date, and checks that it is one that this version can work on."""

from sqlalchemy import Connection, Engine, inspect, text

from worker.ledgers import guards, schema
from worker.ledgers.engine import reading, writing
from worker.refusals import RefusedToStart

TURN = 7_210_041
"""PostgreSQL's advisory lock that whoever migrates holds."""


def migrate(engine: Engine) -> None:
    """Runs every migration that is missing, and puts guards back that somebody removed.

    Safe to call from several processes at once, and nothing to do for a newer schema.
    """
    if not _needs_work(engine):
        return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        if _number(_revision(connection)) < int(schema.REVISION):
            # 8 MB and a quarter of a command's start, for what is done once in a ledger's life.
            from worker.ledgers.upgrading import upgrade  # noqa: PLC0415

            upgrade(connection)
        guards.post(connection)


def current(engine: Engine) -> str | None:
    """The schema's revision; None for an empty database."""
    with reading(engine) as connection:
        return _revision(connection)


def check(engine: Engine) -> None:
    """Raises RefusedToStart when the schema is older, unknown, or has lost its guards."""
    with reading(engine) as connection:
        found = _revision(connection)
        missing = guards.missing(connection) if found else []
    if _number(found) < int(schema.REVISION):
        message = f"the ledger's schema is {found or 'empty'}, this version needs {schema.REVISION}"
        raise RefusedToStart(message, remedy="run `triage migrate`, then start again")
    if _number(found) > int(schema.REVISION) + 1:
        message = f"the ledger's schema is {found}; this version knows {schema.REVISION}"
        raise RefusedToStart(message, remedy="start the version of Triage Fleet that wrote it")
    if missing:
        message = f"the ledger lets events be changed: {', '.join(missing)} is missing"
        raise RefusedToStart(message, remedy="run `triage migrate`, and find out who removed it")


def _needs_work(engine: Engine) -> bool:
    with reading(engine) as connection:
        found = _revision(connection)
        return _number(found) < int(schema.REVISION) or bool(guards.missing(connection))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return found


def _number(revision: str | None) -> float:
    """Migrations are numbered in order; a name that is no number is none of ours, so it is new."""
    if revision is None:
        return 0
    return int(revision) if revision.isdecimal() else float("inf")
