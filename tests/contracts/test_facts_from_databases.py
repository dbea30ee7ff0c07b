"""A database of somebody else's: nothing is written there, and nobody waits for it for long."""

import asyncio
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tasks.errors import FactsDown
from tasks.facts import Account, Known
from tasks.ticket import Requester
from tests.acceptance.patience import until
from tests.contracts.fact_offices import ADA
from tests.servers.foreign_database import REST, TWO_TABLES, VARIABLE, ForeignDatabase
from tests.servers.postgres import Postgres
from tests.twins.facts import foreign
from worker.facts.sources import FactSources

TEXT = TWO_TABLES + REST
QUICK = TEXT.replace("[account]\n", "[account]\ntimeout_seconds = 0.5\n").replace(
    f'credential = "{VARIABLE}"\n', f'credential = "{VARIABLE}"\nconnections = 2\n'
)
COLUMNS = "SELECT cust_no, product, segment, signed_up, renews"
QUERY = f"{COLUMNS}\n  FROM customers WHERE lower(mail) = :email"
ROW = {"cust_no": "C-1", "mail": "Ada@example.com", "product": "Metal", "segment": "gold"}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ForeignDatabase]:
    on_file = f"sqlite:///{tmp_path}/crm" if request.param == "sqlite" else None
    made = ForeignDatabase(on_file or request.getfixturevalue("postgres_url"))
    made.put("customers", **ROW)
    yield made
    made.close()


ON_FILE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_SERVER = pytest.mark.parametrize("database", ["postgres"], indirect=True)


def _sources(
    database: ForeignDatabase, folder: Path, query: str = "", text: str = QUICK
) -> FactSources:
    assert QUERY in text
    return foreign(folder, text.replace(QUERY, query or QUERY), {VARIABLE: database.url})


async def _account(facts: FactSources, requester: Requester = ADA) -> Known[Account | None]:
    try:
        return await facts.account(requester)
    finally:
        await facts.aclose()


def _down(facts: FactSources, requester: Requester = ADA) -> str:
    with pytest.raises(FactsDown) as down:
        asyncio.run(_account(facts, requester))
    assert "example.com" not in str(down.value)
    return str(down.value)


def test_an_address_is_a_value_and_never_a_part_of_the_query(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    """Whatever customers call themselves."""
    facts = _sources(database, tmp_path)
    for address in ("' OR '1'='1", "x'; DROP TABLE customers; --", "%", ":email", "\\", "\0"[:0]):
        assert asyncio.run(_account(facts, Requester(email=address))).fact is None
    assert asyncio.run(_account(facts)).fact is not None


def test_a_nul_in_an_address_is_nobodys(database: ForeignDatabase, tmp_path: Path) -> None:
    """No database keeps one; PostgreSQL refuses even to be asked."""
    try:
        found = asyncio.run(_account(_sources(database, tmp_path), Requester(email="a\0b")))
    except FactsDown as down:
        assert "account: " in str(down)  # noqa: PT017 - it may also not be raised
    else:
        assert found.fact is None


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone WHERE mail = :email",
        f"{COLUMNS}, lo_create(0) FROM customers WHERE lower(mail) = :email",
    ],
)
@ON_SERVER
def test_nothing_can_be_written(database: ForeignDatabase, tmp_path: Path, query: str) -> None:
    """Even by a query that would."""
    said = _down(_sources(database, tmp_path, query))
    assert said.endswith(
        ("ReadOnlySqlTransaction (25006)", "FeatureNotSupported (0A000)", "SyntaxError (42601)")
    )
    with closing(psycopg.connect(database.url)) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (1,)


@ON_FILE
def test_a_file_is_read_and_never_made(database: ForeignDatabase, tmp_path: Path) -> None:
    """An empty one that was made in its place would know nobody."""
    facts = foreign(tmp_path, QUICK, {VARIABLE: f"sqlite:///{tmp_path}/misspelt"})
    assert _down(facts) == "crm, account: OperationalError (SQLITE_CANTOPEN)"
    assert not (tmp_path / "misspelt").exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nothing FROM customers WHERE mail = :email", "account: "),
        ("SELECT * FROM nowhere WHERE mail = :email", "account: "),
        ("SELECT cust_no, product FROM customers WHERE mail = :email", "no 'segment'; it gives"),
        ("SELECT FROM WHERE :email", "account: "),
    ],
)
def test_a_query_that_does_not_fit_is_down_by_name(
    database: ForeignDatabase, tmp_path: Path, query: str, said: str
) -> None:
    """A column that is missing is missed without a row, too."""
    found = _down(_sources(database, tmp_path, query), Requester(email="nobody@example.com"))
    assert said in found


@ON_SERVER
def test_of_a_table_without_end_no_more_is_read_than_is_looked_at(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    """A query without its WHERE says so, and does not fill the memory."""
    query = f"{COLUMNS}, generate_series(1, 1000000000) FROM customers WHERE lower(mail) = :email"
    said = _down(_sources(database, tmp_path, query))
    assert said == "crm, account: several accounts have this address"


def _threads() -> set[int | None]:
    return {one.ident for one in threading.enumerate() if one.name.startswith("facts-crm")}


@ON_FILE
def test_a_query_that_takes_too_long_is_interrupted(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    """Its thread is free again: more of them than there are threads, and the next one answers."""
    before = _threads()
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    never = f"0 = ({counting} SELECT count(*) FROM n)"  # noqa: S608 - ours
    endless = QUERY.replace(":email", f":email OR {never}")
    text = QUICK.replace(QUERY, endless)
    facts = foreign(tmp_path, text, {VARIABLE: database.url})

    async def five() -> list[object]:
        asked = [facts.account(Requester(email=f"{n}@example.com")) for n in range(5)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        interactions = await facts.interactions(ADA)
        await facts.aclose()
        return [*found, interactions.fact]

    *late, answered = asyncio.run(five())
    assert {str(one) for one in late} == {"crm, account: no answer within 0.5 s"}
    assert answered == ()
    assert len(_threads() - before) <= 2


@ON_SERVER
def test_a_query_that_sleeps_is_ended_by_the_server(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    """The server would else go on for somebody who has gone."""
    query = f"{COLUMNS} FROM customers, pg_sleep(60) WHERE lower(mail) = :email"
    facts = _sources(database, tmp_path, query)
    said = _down(facts)
    assert said in ("crm, account: no answer within 0.5 s", "crm, account: QueryCanceled (57014)")

    def is_over() -> bool:
        busy = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
            " AND pid <> pg_backend_pid() AND state = 'active'"
        )
        with closing(psycopg.connect(database.url)) as connection:
            return connection.execute(busy).fetchone() == (0,)

    until(is_over, 5)


@ON_SERVER
def test_a_server_that_stands_still_holds_no_thread(
    database: ForeignDatabase, postgres: Postgres, tmp_path: Path
) -> None:
    """It cannot even be asked to cancel: the line is cut. When it goes on, so do we."""
    facts = _sources(database, tmp_path)

    async def scene() -> list[object]:
        before = (await facts.account(ADA)).fact
        with closing(psycopg.connect(database.url, autocommit=True)) as connection:
            pids = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'triage-fleet'"
            ).fetchall()
        for (pid,) in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            stuck = await asyncio.gather(
                *(facts.account(Requester(email=f"{n}@example.com")) for n in range(len(pids))),
                return_exceptions=True,
            )
        finally:
            for (pid,) in pids:
                os.kill(pid, signal.SIGCONT)
        after = (await facts.account(ADA)).fact
        await facts.aclose()
        return [before == after, len(pids), *map(str, stuck)]

    same, asked, *stuck = asyncio.run(scene())
    assert (same, asked) == (True, 1)
    assert stuck == ["crm, account: no answer within 0.5 s"]


@ON_SERVER
def test_a_connection_that_died_in_the_pool_is_nobodys_loss(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    """A database that was restarted between two tickets is there for the second."""
    facts = _sources(database, tmp_path)

    async def scene() -> tuple[object, object]:
        before = (await facts.account(ADA)).fact
        with closing(psycopg.connect(database.url, autocommit=True)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'triage-fleet'"
            )
        after = (await facts.account(ADA)).fact
        await facts.aclose()
        return before, after

    before, after = asyncio.run(scene())
    assert before == after
    assert before is not None


@ON_FILE
def test_a_file_that_somebody_has_locked_is_down_in_its_time(
    database: ForeignDatabase, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "crm", isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        said = _down(_sources(database, tmp_path))
    assert said in (
        "crm, account: no answer within 0.5 s",
        "crm, account: OperationalError (SQLITE_BUSY)",
    )


@ON_FILE
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("crm.example.org", f"{VARIABLE} is no address of a database"),
        ("sqlite://", f"{VARIABLE} names no file"),
        ("oracle://ada:secret@crm.example.org/x", "whose driver is not installed"),
        ("klingon://ada:secret@crm.example.org/x", "whose driver is not installed"),
        ("postgresql://ada:secret@127.0.0.1:1/x", "account: OperationalError"),
    ],
)
def test_an_address_that_leads_nowhere_is_said_without_its_password(
    database: ForeignDatabase, tmp_path: Path, url: str, said: str
) -> None:
    found = _down(foreign(tmp_path, QUICK, {VARIABLE: url}))
    assert said in found
    assert "secret" not in found
