"""Copies a whole ledger into one file, online and consistent, and back into an empty one.

The file is a ledger of its own on SQLite, whatever the other is on: it can be looked at, and put
back into either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Table, select, update

from tasks.errors import OperatorError
from worker.ledgers import bulk, migrating, schema
from worker.ledgers.engine import connect, reading, writing
from worker.ledgers.reading import RESTORED
from worker.ledgers.sql import SqlLedger

PAGE = 2_000
Say = Callable[[str, int], object]
"""Told of each table and how many of its rows are copied."""


def backup(ledger: SqlLedger, path: Path, say: Say = lambda *_: None) -> int:
    """Writes everything into a new file, as of one moment; how many runs. Work goes on meanwhile.

    Raises OperatorError when the file exists or cannot be made.
    """
    if path.exists():
        raise OperatorError(f"{path} exists: name a new file")
    if not path.parent.is_dir():
        raise OperatorError(f"{path.parent} is no folder")
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with _opened(unfinished) as made:
        _copy(ledger, made, say)
        runs = sum(made.books().states.values())
    unfinished.rename(path)
    return runs


@contextmanager
def _opened(path: Path) -> Iterator[SqlLedger]:
    """Closed at the end, which puts all of its log into the file itself."""
    ledger = SqlLedger(connect(f"sqlite:///{path}"))
    try:
        yield ledger
    finally:
        ledger.close()


def restore(path: Path, ledger: SqlLedger, at: float, say: Say = lambda *_: None) -> int:
    """Puts a backup into an empty ledger; how many runs.

    Whoever works with it looks into the helpdesk before each write from then on. Raises
    OperatorError when the file is no backup, or the ledger is not empty.
    """
    if not path.is_file():
        raise OperatorError(f"{path} is no file")
    with reading(ledger.engine) as connection:
        if connection.execute(select(schema.tickets.c.id).limit(1)).first():
            raise OperatorError("the ledger is not empty: name an empty one, or another home")
    with _opened(path) as kept:
        migrating.check(kept.engine)
        _copy(kept, ledger, say)
    with writing(ledger.engine) as connection:
        # Those who lived when it was made live no more, as far as this ledger is concerned.
        connection.execute(update(schema.workers).values(ended_at=at))
        bulk.add(connection, "marks", ("name", "at", "value"), [(RESTORED, at, str(path.name))])
    return sum(ledger.books().states.values())


def _copy(source: SqlLedger, target: SqlLedger, say: Say) -> None:
    migrating.migrate(target.engine)
    with reading(source.engine) as snapshot, writing(target.engine) as written:
        for table in schema.metadata.sorted_tables:
            _copy_table(snapshot, written, table, say)


def _copy_table(snapshot: Connection, written: Connection, table: Table, say: Say) -> None:
    columns = [column.name for column in table.columns]
    rows: Iterator[tuple[object, ...]] = (
        tuple(row) for row in snapshot.execute(select(table)).yield_per(PAGE)
    )
    count = 0
    while some := list(islice(rows, PAGE)):
        bulk.add(written, table.name, columns, some)
        count += len(some)
        say(table.name, count)
