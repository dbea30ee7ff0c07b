"""What each world's ledger is written on: one file and one engine for all of them, in turn.

An engine compiles each query once, and a new one for each world would do little else; and nobody
here pulls the plug of a machine, so nothing waits for the disk.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import event

from tests.ledgers import renew
from worker.ledgers.engine import connect


class Paper:
    """For one world at a time."""

    def __init__(self, folder: Path, empty: Path) -> None:
        self._file = folder / "ledger.db"
        self._empty = empty
        self.engine = connect(f"sqlite:///{self._file}")
        event.listen(self.engine, "connect", _hurry)

    def blank(self) -> "Paper":
        """Whoever wrote on it is done."""
        self.engine.dispose()
        renew(self._file, self._empty)
        return self


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
