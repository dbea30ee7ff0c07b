"""What every ledger keeps about the past: events stay, they are dense, and they add up."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event as Flag

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from tasks.journey import fold
from tasks.ports.ledger import Books, Filter
from tasks.run import Run, State
from tests.contracts.journeys import next_of
from tests.ledgers import a_change, a_queued, a_running, an_arrival, claim_all, is_sqlite, take_in
from worker.ledgers.sql import SqlLedger

APPEND_ONLY = "events are append-only"

FORGERIES = [
    "UPDATE events SET body = '{}'",
    "UPDATE events SET body = '{}' WHERE seq = 1",
    "DELETE FROM events",
    "DELETE FROM events WHERE seq = 1",
    (
        "INSERT INTO events SELECT * FROM events WHERE true"
        " ON CONFLICT (run, seq) DO UPDATE SET body = '{}'"
    ),
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO events SELECT run, seq, at, kind, '{}' FROM events",
    "REPLACE INTO events SELECT run, seq, at, kind, '{}' FROM events",
    "UPDATE OR REPLACE events SET seq = seq + 1",
]
ON_POSTGRES = [
    "TRUNCATE events",
    "TRUNCATE runs, events CASCADE",
    "MERGE INTO events USING (SELECT 1) ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO events USING (SELECT 1) ON true WHEN MATCHED THEN UPDATE SET body = '{}'",
]


def _refuses(ledger: SqlLedger, statement: str) -> bool:
    with (
        pytest.raises(DBAPIError, match=APPEND_ONLY),
        ledger.engine.begin() as connection,
    ):
        connection.exec_driver_sql(statement)
    return True


def test_the_database_refuses_to_change_or_remove_an_event(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    before = ledger.events(run.id)
    own = ON_SQLITE if is_sqlite(ledger) else ON_POSTGRES
    assert all(_refuses(ledger, statement) for statement in (*FORGERIES, *own))
    assert ledger.events(run.id) == before


def test_it_refuses_others_too(ledger: SqlLedger, ledger_url: str) -> None:
    """Not only connections of ours: whoever opens the database."""
    run = a_running(ledger)
    before = ledger.events(run.id)
    if is_sqlite(ledger):
        stranger = sqlite3.connect(ledger_url.removeprefix("sqlite:///"))
        for statement in (*FORGERIES, *ON_SQLITE):
            with pytest.raises(sqlite3.IntegrityError, match=APPEND_ONLY):
                stranger.execute(statement)
        stranger.close()
    else:
        with psycopg.connect(ledger_url, autocommit=True) as connection:
            for statement in (*FORGERIES, *ON_POSTGRES):
                with pytest.raises(psycopg.errors.RaiseException, match=APPEND_ONLY):
                    connection.execute(statement.encode())
    assert ledger.events(run.id) == before


def test_an_event_cannot_be_written_twice(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    with (
        pytest.raises(DBAPIError, match=rf"(?i)duplicate|{APPEND_ONLY}"),
        ledger.engine.begin() as connection,
    ):
        connection.exec_driver_sql("INSERT INTO events SELECT * FROM events WHERE seq = 1")
    assert [event.seq for event in ledger.events(run.id)] == [1, 2]


def _travel(ledger: SqlLedger, runs: list[Run], chance: Random, steps: int) -> list[Run]:
    """Each run some steps on, in groups."""
    for _ in range(steps):
        claim_all(ledger, *(run for run in runs if run.state is State.QUEUED))
        there = {run.id: run for run in ledger.runs(Filter())}
        runs = [there[run.id] for run in runs]
        changes = [
            a_change(run, *happenings) for run in runs if (happenings := next_of(run, chance))
        ]
        assert all(ledger.commit(changes))
        after = {change.before.id: change.after for change in changes}
        runs = [after.get(run.id, run) for run in runs]
    return runs


@pytest.mark.parametrize("seed", range(2))
def test_the_status_row_is_the_fold_of_events_without_a_gap(ledger: SqlLedger, seed: int) -> None:
    chance = Random(seed)
    runs = take_in(ledger, *(an_arrival() for _ in range(40)))
    runs = _travel(ledger, runs, chance, steps=12)
    assert len({run.state for run in runs}) >= 5
    for run in runs:
        events = ledger.events(run.id)
        assert [event.seq for event in events] == list(range(1, run.seq + 1))
        assert fold(events) == ledger.run(run.id) == run
    assert ledger.books().balanced
    everything = [
        event for run in sorted(runs, key=lambda run: run.id) for event in ledger.events(run.id)
    ]
    assert list(ledger.all_events()) == everything


def test_the_books_say_where_every_run_is(ledger: SqlLedger) -> None:
    assert ledger.books() == Books(ingested=0, states=dict.fromkeys(State, 0))
    runs = [a_queued(ledger) for _ in range(3)]
    a_running(ledger)
    books = ledger.books()
    assert (books.ingested, books.states[State.QUEUED], books.states[State.RUNNING]) == (4, 3, 1)
    assert books.balanced
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM runs WHERE id = '{runs[0].id}'")  # noqa: S608
    assert not ledger.books().balanced


def test_every_snapshot_of_the_books_balances_while_runs_come_and_move(ledger: SqlLedger) -> None:
    snapshots: list[Books] = []
    done = Flag()

    def look() -> None:
        while not done.is_set():
            snapshots.append(ledger.books())

    def work(seed: int) -> None:
        chance = Random(seed)
        for _ in range(6):
            runs = take_in(ledger, *(an_arrival() for _ in range(10)))
            _travel(ledger, runs, chance, steps=3)

    with ThreadPoolExecutor(4) as pool:
        looking: list[Callable[[], object]] = [pool.submit(look).result]
        working = [pool.submit(work, seed) for seed in range(3)]
        try:
            for worker in working:
                worker.result()
        finally:
            done.set()
        looking[0]()
    assert len({snapshot.ingested for snapshot in snapshots}) > 3
    assert all(snapshot.balanced for snapshot in snapshots)
    assert ledger.books().ingested == 180
    assert all(fold(ledger.events(run.id)) == run for run in ledger.runs(Filter()))
