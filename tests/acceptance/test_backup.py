"""An older ledger beside a newer helpdesk writes nothing twice, on either database."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, a_line, a_place, an_inbox, lend
from tests.acceptance.patience import until
from tests.kills.lives import STOLEN
from tests.servers.postgres import Postgres
from worker.broker import server

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.kills.app")
WORKER = ("worker", "-P", "threads", "-c", "8", "--without-gossip", "--without-mingle")
BEFORE, SINCE = 3, 3


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path / "redis") as redis:
        yield redis


@pytest.fixture
def place(tmp_path: Path, taught: Path, redis: server.EmbeddedRedis) -> Iterator[Place]:
    place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
    lend(taught, place)
    yield place
    place.clear()


def _inbox(place: Place, count: int) -> str:
    lines = [a_line(f"T-{number}", STOLEN) for number in range(count)]
    return f"file:{an_inbox(place.folder / 'polled.jsonl', lines)}"


def _worked(place: Place, count: int) -> None:
    """All of the inbox is taken in and written."""
    place.ask("intake", _inbox(place, count))
    worker = place.start(*WORKER, command=CELERY)
    until(lambda: place.is_settled() and len(place.runs()) == count, 60)
    worker.end()


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_was_written_after_the_backup_is_found_and_not_written_again(
    place: Place, postgres: Postgres, database: str
) -> None:
    """The helpdesk takes a note as often as it comes: only the look before prevents a twin."""
    _worked(place, BEFORE)
    kept = place.folder / "kept"
    assert f"{BEFORE} runs" in place.ask("backup", str(kept)).out
    assert "name a new file" in place.ask("backup", str(kept), code=2).err
    _worked(place, BEFORE + SINCE)
    secret = {"TRIAGE_SECRET_KEY": (place.home / "secret.key").read_text().strip()}
    url = {
        "sqlite": f"sqlite:///{place.folder / 'again.db'}",
        "postgres": postgres.url(postgres.create()),
    }[database]
    again = Place(
        folder=place.folder, environment={**place.environment, **secret, "TRIAGE_LEDGER_URL": url}
    )
    again.ask("migrate")
    assert f"{BEFORE} runs are back" in again.ask("restore", str(kept)).out
    assert "not empty" in again.ask("restore", str(kept), code=2).err
    assert again.states()[State.WRITTEN] == BEFORE
    _worked(again, BEFORE + SINCE)
    _expect_nothing_twice(again)
    assert again.ask("books", "--deep", "--json").json()["balanced"]
    again.clear()


def _expect_nothing_twice(place: Place) -> None:
    for run in place.runs():
        shown = place.shop.helpdesk.show(run.external_id)
        assert shown
        keys = Counter(note.key for note in shown.notes)
        keys.update(str(change.key) for change in shown.history)
        assert set(keys.values()) == {1}, keys
        assert len(shown.notes) == 1
        assert {write.outcome for write in place.shop.ledger.writes(run.id)} == {"applied"}


def test_what_the_broker_lacks_is_sent_again_at_once(place: Place) -> None:
    place.ask("intake", _inbox(place, 5))
    place.shop.broker().replace_queue("economy", [])
    assert place.ask("books", "--json").json()["missing"] == 5
    books = place.ask("books", "--repair", "--json").json()
    assert (books["sent"], books["missing"]) == (5, 0)
    assert "sent again: 0" in place.ask("books", "--repair").out
