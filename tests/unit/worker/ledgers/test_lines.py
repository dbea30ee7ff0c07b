"""Lines: one connection for one thread, and never again one that saw an error."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine

from tasks.errors import LedgerDown
from worker.ledgers.engine import connect
from worker.ledgers.lines import Lines


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database."""
    made = connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.dispose()


@pytest.fixture
def prepared() -> list[sqlite3.Connection]:
    """Every connection that was made."""
    return []


@pytest.fixture
def lines(
    engine: Engine, prepared: list[sqlite3.Connection]
) -> Iterator[Lines[sqlite3.Connection]]:
    """Lines to it."""
    made = Lines(engine, sqlite3.Connection, prepared.append)
    yield made
    made.close()


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_connection_is_used_again(
    lines: Lines[sqlite3.Connection], prepared: list[sqlite3.Connection]
) -> None:
    for _ in range(5):
        with lines.take() as driver:
            assert [driver] == prepared


def test_two_threads_at_work_have_one_each(
    lines: Lines[sqlite3.Connection], prepared: list[sqlite3.Connection]
) -> None:
    def work() -> None:
        with lines.take():
            pass

    with lines.take():
        other = Thread(target=work)
        other.start()
        other.join()
    assert len(set(prepared)) == 2


def test_after_an_error_every_connection_is_a_new_one(
    lines: Lines[sqlite3.Connection], prepared: list[sqlite3.Connection]
) -> None:
    with lines.take(), lines.take():
        pass
    with pytest.raises(ValueError, match="a bug"), lines.take():
        raise ValueError("a bug")
    assert [_is_open(connection) for connection in prepared] == [False, False]
    with lines.take() as driver:
        assert driver not in prepared[:2]


def test_an_outage_is_said_to_be_one(lines: Lines[sqlite3.Connection]) -> None:
    with pytest.raises(LedgerDown), lines.take() as driver:
        driver.execute("SELECT 1 FROM nowhere")
    with pytest.raises(sqlite3.OperationalError), lines.take() as driver:
        driver.execute("SELECT nonsense")


def test_what_fails_before_it_is_prepared_is_closed(engine: Engine) -> None:
    seen: list[sqlite3.Connection] = []

    def refuse(connection: sqlite3.Connection) -> None:
        seen.append(connection)
        raise sqlite3.OperationalError("it cannot be prepared")

    with pytest.raises(sqlite3.OperationalError), Lines(engine, sqlite3.Connection, refuse).take():
        pass
    assert not _is_open(seen[0])


def test_closing_closes_those_that_lie_idle(
    lines: Lines[sqlite3.Connection], prepared: list[sqlite3.Connection]
) -> None:
    with lines.take():
        pass
    lines.close()
    assert not _is_open(prepared[0])
