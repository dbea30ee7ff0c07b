"""How a connection is made: as durable as the first, even among many that come at once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import LedgerDown
from worker.ledgers import engine


class Contested(sqlite3.Connection):
    """Some others come first; SQLite then refuses the switch at once, without any waiting."""

    others = 3

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as the driver
        """The switch is refused as long as there are others."""
        if "journal_mode" in statement and self.others:
            self.others -= 1
            message = "database is locked"
            raise sqlite3.OperationalError(message)
        return super().execute(statement, *given)


@pytest.fixture
def contested(tmp_path: Path) -> Iterator[Contested]:
    """A connection to a new file."""
    made = sqlite3.connect(tmp_path / "new.db", isolation_level=None, factory=Contested)
    with closing(made):
        yield made


def test_whoever_opens_a_new_file_waits_for_the_others_who_do(contested: Contested) -> None:
    engine._write_ahead(contested)  # noqa: SLF001 - processes meet here once in a hundred times
    assert contested.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert not contested.in_transaction


def test_nobody_waits_for_ever(contested: Contested) -> None:
    contested.others = 10**6
    with pytest.raises(LedgerDown, match="again and again"):
        engine._write_ahead(contested)  # noqa: SLF001 - as above
