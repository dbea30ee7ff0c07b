"""Ledgers on both databases, and what may happen in them; a plugin for tests of any folder."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import cast

import psycopg
import pytest
from sqlalchemy import Engine

from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tasks.events import Body, Event, Kind
from tasks.journey import advance
from tasks.ports.ledger import Arrival, Change, Claim, Claimed, Intent, Sealed
from tasks.run import Incarnation, Outcome, Run, RunId
from tasks.ticket import ExternalId
from tests.servers.postgres import Postgres
from tests.twins.clock import NOON
from worker.ledgers import migrating, schema
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger

ME = Incarnation("here-1-first")
REQUESTER = "0f" * 16

_numbers = count(1_001)  # tests name T-1 and the like themselves


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger's file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "ledger.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The address of a ledger that one test at a time may fill."""
    url = postgres.url(postgres.create())
    _migrate(url)
    return url


@pytest.fixture(scope="session")
def used_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger that one test at a time may fill."""
    return tmp_path_factory.mktemp("used") / "ledger.db"


@pytest.fixture(scope="session")
def engine_of() -> Iterator[Callable[[str], Engine]]:
    """The session's engine for an address: each of its own would compile every query anew."""
    made: dict[str, Engine] = {}

    def of(url: str) -> Engine:
        if url not in made:
            made[url] = connect(url)
        return made[url]

    yield of
    for engine in made.values():
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """An empty ledger's address, on each database in turn."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("used_file")
        renew(path, request.getfixturevalue("migrated_sqlite"))
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgres")
    empty(url)
    return url


@pytest.fixture
def ledger(ledger_url: str, engine_of: Callable[[str], Engine]) -> Iterator[SqlLedger]:
    """An empty ledger, on each database in turn."""
    opened = SqlLedger(engine_of(ledger_url))
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    engine = connect(url)
    migrating.migrate(engine)
    engine.dispose()


def renew(path: Path, migrated: Path) -> None:
    """Another file by the same name: whoever still holds the one before does no harm."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.copyfile(migrated, path)


def empty(url: str) -> None:
    """As nobody but the server's owner can: past the guards, and faster than a new database."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = "; ".join(
            f"DELETE FROM {name}"  # noqa: S608 - names of our own
            for name in schema.metadata.tables
        )
        connection.execute(f"SET session_replication_role = replica; {tables}".encode())


def is_sqlite(ledger: SqlLedger) -> bool:
    """Which of the two it is."""
    return ledger.engine.dialect.name == "sqlite"


def an_arrival(
    external_id: str | None = None,
    *,
    says: str = "first",
    source: str = "file:inbox",
    at: float = NOON,
    malformed: tuple[str, str] | None = None,
    requester: str = REQUESTER,
) -> Arrival:
    """A message; one that `says` the same about the same ticket is the same."""
    number = next(_numbers)
    run = RunId(f"run-{os.getpid()}-{number:06d}")
    name = "ticket" if malformed is None else "raw"
    return Arrival(
        run=run,
        source=source,
        external_id=ExternalId(external_id or f"T-{number}"),
        requester=requester,
        digest=says,
        tier="economy",
        at=at,
        bodies=(a_text(run, name, requester=requester),),
        malformed=malformed,
    )


def a_text(
    run: RunId, name: str, cipher: bytes = b"sealed", *, requester: str = REQUESTER
) -> Sealed:
    """A sealed text; what it says is of no concern to a ledger."""
    return Sealed(run=run, name=name, requester=requester, cipher=cipher, expires_at=NOON + 9e6)


def take_in(ledger: SqlLedger, *arrivals: Arrival) -> list[Run]:
    """The runs that they became."""
    return list(ledger.ingest(arrivals, cursor=None).runs)


def a_queued(ledger: SqlLedger) -> Run:
    """A run that waits for a worker."""
    return take_in(ledger, an_arrival())[0]


def a_claim(run: Run, owner: Incarnation = ME) -> Claim:
    """A wish to work on the run as it stands."""
    return Claim(run=run.id, send_n=run.send_n, owner=owner)


def claim_all(ledger: SqlLedger, *runs: Run) -> list[Run]:
    """The same runs, being worked on."""
    claimed = ledger.claim([a_claim(run) for run in runs], NOON)
    assert all(claimed)
    return [cast("Claimed", one).run for one in claimed]


def a_running(ledger: SqlLedger) -> Run:
    """A run that is being worked on."""
    return claim_all(ledger, a_queued(ledger))[0]


def a_change(
    run: Run,
    *happenings: tuple[Kind, Body],
    bodies: tuple[Sealed, ...] = (),
    writes: tuple[Intent, ...] = (),
) -> Change:
    """What these happenings make of the run."""
    after, events = run, []
    for kind, body in happenings:
        event = Event(run=run.id, seq=after.seq + 1, at=NOON + after.seq, kind=kind, body=body)
        after = advance(after, event)
        events.append(event)
    return Change(before=run, after=after, events=tuple(events), bodies=bodies, writes=writes)


def move(ledger: SqlLedger, run: Run, *happenings: tuple[Kind, Body]) -> Run:
    """The run after these happenings."""
    change = a_change(run, *happenings)
    assert ledger.commit([change]) == [True]
    return change.after


ENRICHED: tuple[Kind, Body] = (Kind.ENRICHED, {"tier": "economy", "customer_tier": "plus"})
WAITING: tuple[Kind, Body] = (
    Kind.WAITING,
    {"until": NOON + 60, "reason": WaitReason.RETRY, "why": "the provider is away"},
)
IN_REVIEW: tuple[Kind, Body] = (
    Kind.IN_REVIEW,
    {"stage": "validate", "reason": ReviewReason.UNSURE, "why": "0.41 is below 0.80"},
)
BURIED: tuple[Kind, Body] = (
    Kind.BURIED,
    {"stage": "classify", "cause": Cause.REJECTED, "why": "the provider said 400"},
)
WRITTEN: tuple[Kind, Body] = (Kind.WRITTEN, {"outcome": Outcome.APPLIED, "results": {}})
DROPPED: tuple[Kind, Body] = (
    Kind.DROPPED,
    {"cause": DropCause.OPERATOR, "why": "a test of ours", "by": "Ada"},
)


def sent(run: Run) -> tuple[Kind, Body]:
    """It is queued, and the broker is told."""
    return Kind.SENT, {"send_n": run.send_n + 1}


def written_with_a_note(ledger: SqlLedger, ticket: str, key: str | None = None) -> Run:
    """Written, with a note that is to be looked for a minute after noon."""
    (run,) = claim_all(ledger, *take_in(ledger, an_arrival(ticket)))
    note = Intent(
        key=key or f"{ticket}:note:draft",
        run=run.id,
        target="note:draft",
        before=None,
        wanted=None,
        outcome="applied",
        sweep_at=NOON + 60,
    )
    assert ledger.commit([a_change(run, ENRICHED, WRITTEN, writes=(note,))]) == [True]
    return run
