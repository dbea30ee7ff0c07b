"""Intake is idempotent: two at the same moment over the same messages take in each once."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line, a_place, an_inbox
from tests.acceptance.patience import until
from tests.servers.postgres import Postgres
from worker.ledgers.engine import writing

pytestmark = pytest.mark.timeout(90)

MANY = 1500


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A home whose ledger is in that database, migrated; no broker runs."""
    more = {}
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        more = {"TRIAGE_LEDGER_URL": postgres.url(postgres.create())}
    place = a_place(tmp_path, more)
    assert place.shop.ledger.books().balanced
    yield place
    place.clear()


def _opened(pid: int) -> Iterator[Path]:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed just now
            yield file.readlink()


def _begun(intake: Running, place: Place) -> bool:
    """Whether it has read its cursor and its first page: only then it turns to the helpdesk."""
    assert intake.process.poll() is None, intake.err.read_text()
    return place.home / "helpdesk.db" in set(_opened(intake.process.pid))


def _both(place: Place, source: str) -> list[dict[str, Any]]:
    """Two intakes that have both read the source from its beginning before either writes."""
    engine = place.shop.ledger.engine
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE keys IN EXCLUSIVE MODE"))
        intakes = [place.start("intake", source, "--json") for _ in range(2)]
        until(lambda: all(_begun(intake, place) for intake in intakes), 30)
    said = [intake.ended(60) for intake in intakes]
    assert [one.code for one in said] == [0, 0], said
    return [one.json() for one in said]


def test_two_at_once_take_in_each_message_once(stored: Place) -> None:
    lines = [
        a_line(f"I-{n:04}", f"Which rate is it? {n}", customer=f"c{n % 97}") for n in range(MANY)
    ]
    source = f"file:{an_inbox(stored.folder / 'inbox.jsonl', lines)}"
    both = _both(stored, source)
    assert [one["seen"] for one in both] == [MANY, MANY]
    assert all(one["seen"] == one["ingested"] + one["known"] for one in both)
    assert sum(one["ingested"] for one in both) == MANY
    assert sum(one["malformed"] + one["superseded"] for one in both) == 0
    runs = stored.runs()
    assert {run.external_id for run in runs} == {f"I-{n:04}" for n in range(MANY)}
    assert len(runs) == MANY
    assert {(run.state, run.revision) for run in runs} == {(State.QUEUED, 1)}
    assert stored.ask("books", "--deep", "--json").json()["balanced"] is True
    third = stored.ask("intake", source).out
    assert "nothing was ingested, there is nothing new" in third


def test_without_a_broker_tickets_wait_and_that_is_said(place: Place) -> None:
    inbox = an_inbox(place.folder / "two.jsonl", [a_line("A", "Which rate?"), a_line("B", "Why?")])
    said = place.triage("intake", f"file:{inbox}")
    assert "2 of 2 messages are new" in said.out
    assert "2 wait until a fleet runs (the broker does not answer)" in said.out
    assert place.states()[State.QUEUED] == 2
    status = place.ask("status", code=3).out
    assert "no worker is alive: start one with `triage up`" in status


def test_a_message_of_the_same_customer_under_the_same_id_is_the_next_revision(
    place: Place,
) -> None:
    place.take_in(a_line("A", "Which rate?"))
    polled = place.take_in(a_line("A", "Which rate?"), a_line("A", "Never mind: it is a fee."))
    # Another file is another source, and so another ticket.
    assert (polled.ingested, polled.known, polled.superseded) == (2, 0, 1)
    assert place.shop.ledger.books().balanced
