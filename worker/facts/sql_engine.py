"""Connects to a database that belongs to others: to read, and for no longer than it may take."""

import math
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tasks.errors import FactsDown

RECYCLE_SECONDS = 300
"""Some databases and firewalls drop, in silence, who has said nothing for longer."""

READS_ONLY = frozenset({"sqlite", "postgresql"})
"""Where it is us who see to it that nothing is written; elsewhere it is the rights of the user."""

SILENCE = {
    "keepalives_idle": 5,  # a server whose machine is gone never says so
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "triage-fleet",
}


def backend(url: str, credential: str) -> str:
    """Which database that is. Raises FactsDown where it is none; the address is not told."""
    return _made(url, credential).get_backend_name()


def open_engine(url: str, *, credential: str, connections: int, seconds: float) -> Engine:
    """`seconds`: the most that a query may take, or a connection. Raises FactsDown."""
    parsed = _made(url, credential)
    pool = {"pool_size": connections, "max_overflow": 0, "pool_recycle": RECYCLE_SECONDS}
    match parsed.get_backend_name():
        case "sqlite":
            return create_engine(parsed, creator=_reader(parsed, credential, seconds), **pool)
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                connect_args={**SILENCE, "connect_timeout": math.ceil(seconds)},
                **pool,
            )
        case _:
            try:
                return create_engine(parsed, **pool)
            except (ImportError, ArgumentError) as error:
                message = f"{credential} names a database whose driver is not installed"
                raise FactsDown(message) from error


def _made(url: str, credential: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        message = (
            f"{credential} is no address of a database: give postgresql://USER:PASSWORD@HOST/NAME"
        )
        raise FactsDown(message) from error
    return parsed


def _reader(url: URL, credential: str, seconds: float) -> Any:  # noqa: ANN401 - SQLAlchemy's own
    if not url.database or url.database == ":memory:":
        message = f"{credential} names no file: give sqlite:////DIRECTORY/FILE"
        raise FactsDown(message)
    # A file that is not there would be made, and be empty: nobody would be known.
    address = f"{Path(url.database).absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=seconds, check_same_thread=False)

    return connect
