"""An older ledger beside a newer helpdesk writes nothing twice, on either database."""

import sys
from collections import Counter

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, a_line, an_inbox
from tests.acceptance.patience import until
from tests.kills.lives import STOLEN
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.timeout(150)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.kills.app")
WORKER = ("worker", "-P", "threads", "-c", "8", "--without-gossip", "--without-mingle")
BEFORE, SINCE = 3, 3


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
    manned: Place, postgres: Postgres, database: str
) -> None:
    """The helpdesk takes a note as often as it comes: only the look before prevents a twin."""
    _worked(manned, BEFORE)
    kept = manned.folder / "kept"
    assert f"{BEFORE} runs" in manned.ask("backup", str(kept)).out
    assert "name a new file" in manned.ask("backup", str(kept), code=2).err
    _worked(manned, BEFORE + SINCE)
    secret = {"TRIAGE_SECRET_KEY": (manned.home / "secret.key").read_text().strip()}
    url = {
        "sqlite": f"sqlite:///{manned.folder / 'again.db'}",
        "postgres": postgres.url(postgres.create()),
    }[database]
    again = Place(
        folder=manned.folder, environment={**manned.environment, **secret, "TRIAGE_LEDGER_URL": url}
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
        shown = place.shop.sandbox.show(run.external_id)
        assert shown
        keys = Counter(note.key for note in shown.notes)
        keys.update(str(change.key) for change in shown.history)
        assert set(keys.values()) == {1}, keys
        assert len(shown.notes) == 2  # what was decided, and who is called
        assert {write.outcome for write in place.shop.ledger.writes(run.id)} == {"applied"}


def test_what_the_broker_lacks_is_sent_again_at_once(manned: Place) -> None:
    manned.ask("intake", _inbox(manned, 5))
    manned.shop.broker().replace_queue("economy", [])
    assert manned.ask("books", "--json").json()["missing"] == 5
    books = manned.ask("books", "--repair", "--json").json()
    assert (books["sent"], books["missing"]) == (5, 0)
    assert "sent again: 0" in manned.ask("books", "--repair").out
