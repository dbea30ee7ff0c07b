"""The embedded helpdesk's file: who may use it at once, and what happens when it is in trouble."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import HelpdeskDown, OperatorError
from tasks.ports.helpdesk import Seen
from tasks.ticket import ExternalId, Ticket, Turn
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.schema import VERSION

T1 = ExternalId("T-1")
TO_PAYMENTS = {"queue": "payments"}
APPLIED = "payments"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "helpdesk.db"


@pytest.fixture
def helpdesk(path: Path) -> Iterator[EmbeddedHelpdesk]:
    """One that gives up at once on a file that is locked."""
    helpdesk = EmbeddedHelpdesk(path, StillClock(), busy_seconds=0)
    helpdesk.deliver(a_ticket(), source="file:inbox.jsonl")
    yield helpdesk
    helpdesk.close()


def _write(helpdesk: EmbeddedHelpdesk) -> object:
    return asyncio.run(_written(helpdesk))


async def _written(helpdesk: EmbeddedHelpdesk) -> object:
    """What the queue holds after it was set to payments."""
    seen = await helpdesk.look(T1)
    assert isinstance(seen, Seen)
    await helpdesk.set_fields(T1, TO_PAYMENTS, key="tf-1", version=seen.version)
    seen = await helpdesk.look(T1)
    assert isinstance(seen, Seen)
    return seen.fields["queue"]


def _locked(path: Path) -> sqlite3.Connection:
    """Another process in the middle of its transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_the_file_is_made_at_the_first_use(path: Path) -> None:
    """A command that needs no helpdesk leaves none behind."""
    EmbeddedHelpdesk(path, StillClock()).close()
    assert not path.exists()


def test_what_was_written_is_there_for_the_next_process(path: Path) -> None:
    """Notes, fields and turns are in the file."""
    for _ in range(2):
        helpdesk = EmbeddedHelpdesk(path, StillClock())
        helpdesk.deliver(a_ticket(), source="file:inbox.jsonl")
        assert _write(helpdesk) == APPLIED
        helpdesk.close()


def test_a_file_that_is_locked_for_too_long_is_down(helpdesk: EmbeddedHelpdesk, path: Path) -> None:
    """Nothing of the request is done, and it works when the lock is gone."""
    other = _locked(path)
    with pytest.raises(HelpdeskDown, match="SQLITE_BUSY") as raised:
        _write(helpdesk)
    assert isinstance(raised.value.__cause__, sqlite3.OperationalError)
    other.close()
    assert _write(helpdesk) == APPLIED


def test_a_person_reads_while_another_process_writes(
    helpdesk: EmbeddedHelpdesk, path: Path
) -> None:
    """Showing a ticket waits for nobody."""
    other = _locked(path)
    assert helpdesk.show(T1) is not None
    other.close()


def test_the_event_loop_goes_on_while_a_write_waits(path: Path) -> None:
    """The lock is let go of by the very loop that the write was awaited on."""
    helpdesk = EmbeddedHelpdesk(path, StillClock(), busy_seconds=30)
    helpdesk.deliver(a_ticket(), source="file:inbox.jsonl")
    other = _locked(path)

    async def waiting() -> object:
        write = asyncio.create_task(_written(helpdesk))
        await asyncio.sleep(0)
        other.close()
        return await write

    assert asyncio.run(waiting()) == APPLIED
    helpdesk.close()


def test_a_file_that_is_no_database_is_down(path: Path) -> None:
    """It is left as it is."""
    path.write_bytes(b"This is my shopping list.\n" * 100)
    helpdesk = EmbeddedHelpdesk(path, StillClock())
    with pytest.raises(HelpdeskDown, match="SQLITE_NOTADB"):
        _write(helpdesk)
    helpdesk.close()
    assert path.read_bytes().startswith(b"This is my")


def test_a_file_of_the_next_version_is_worked_in(helpdesk: EmbeddedHelpdesk, path: Path) -> None:
    """While both are running; it stays what it was made into."""
    helpdesk.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {VERSION + 1}")
        late = EmbeddedHelpdesk(path, StillClock())
        assert late.show(T1) is not None
        late.close()
        assert other.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)


def test_a_file_of_a_later_version_is_down(helpdesk: EmbeddedHelpdesk, path: Path) -> None:
    """It is not made into one of ours."""
    helpdesk.close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {VERSION + 2}")
    other.close()
    late = EmbeddedHelpdesk(path, StillClock())
    with pytest.raises(HelpdeskDown, match="another version"):
        late.show(T1)
    late.close()


def test_a_folder_that_is_missing_is_down_until_it_is_there(tmp_path: Path) -> None:
    """The helpdesk need not be made anew."""
    helpdesk = EmbeddedHelpdesk(tmp_path / "later" / "helpdesk.db", StillClock())
    with pytest.raises(HelpdeskDown, match="SQLITE_CANTOPEN"):
        helpdesk.show(T1)
    (tmp_path / "later").mkdir()
    assert helpdesk.show(T1) is None
    helpdesk.close()


def test_a_field_that_is_none_is_a_bug_and_no_outage(helpdesk: EmbeddedHelpdesk) -> None:
    """It is not waited for; and the helpdesk serves on."""
    wanted = {"colour": "red"}
    with pytest.raises(KeyError, match="colour"):
        asyncio.run(helpdesk.set_fields(T1, wanted, key="tf-1", version="0"))
    assert _write(helpdesk) == APPLIED


def test_a_text_that_is_none_is_a_bug_and_no_outage(helpdesk: EmbeddedHelpdesk) -> None:
    """SQLite says so of the statement, not of the file."""
    body: Any = ["a", "list"]
    with pytest.raises(sqlite3.DatabaseError, match="not supported"):
        asyncio.run(helpdesk.post_note(T1, body, key="R-1:note"))
    assert _write(helpdesk) == APPLIED


def test_a_closed_helpdesk_is_down(helpdesk: EmbeddedHelpdesk) -> None:
    """A process that ends leaves its writes for the next one."""
    helpdesk.close()
    with pytest.raises(HelpdeskDown, match="is ending"):
        _write(helpdesk)
    with pytest.raises(HelpdeskDown, match="is ending"):
        helpdesk.show(T1)


def test_a_batch_is_delivered_whole_or_not_at_all(helpdesk: EmbeddedHelpdesk) -> None:
    """Intake brings the whole of it again."""

    def failing() -> Iterator[tuple[str, Ticket]]:
        yield "file:inbox.jsonl", a_ticket().model_copy(update={"id": ExternalId("T-2")})
        raise ValueError("the third is broken")

    with pytest.raises(ValueError, match="the third"):
        helpdesk.deliver_many(failing())
    assert helpdesk.show(ExternalId("T-2")) is None


def test_threads_share_one_helpdesk(helpdesk: EmbeddedHelpdesk) -> None:
    """Even one that gives up at once on a lock: threads wait for each other elsewhere."""
    trouble: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(50):
                helpdesk.edit(T1, "queue", f"{name} {number}", name)
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost
            trouble.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = helpdesk.show(T1)
    assert shown is not None
    assert (trouble, len(shown.history)) == ([], 150)


@pytest.mark.parametrize("text", ["caf\udce9", "nul\x00"])
def test_text_that_no_store_keeps_is_refused(helpdesk: EmbeddedHelpdesk, text: str) -> None:
    """A shell hands over bytes that are not UTF-8 as half a surrogate pair."""
    with pytest.raises(OperatorError, match="UTF-8"):
        helpdesk.reply(T1, text)
    with pytest.raises(OperatorError, match="UTF-8"):
        helpdesk.edit(T1, "queue", text, "ada")


def test_a_ticket_comes_back_as_it_was_delivered(helpdesk: EmbeddedHelpdesk) -> None:
    """Every part of it, so that a reply's revision differs in the reply alone."""
    turns = (
        Turn(author="customer", body="Hello", at=a_ticket().created_at),
        Turn(author="agent", body="Good day"),
    )
    ticket = a_ticket(
        subject="Twice", channel="chat", thread=turns, fields={"queue": "inbox"}, language="en"
    ).model_copy(update={"id": ExternalId("T-2")})
    helpdesk.deliver(ticket, source="file:inbox.jsonl")
    known = helpdesk.conversation(ExternalId("T-2"))
    assert known is not None
    assert (known.source, known.ticket) == ("file:inbox.jsonl", ticket)


def test_another_source_may_bring_the_same_customers_conversation(
    helpdesk: EmbeddedHelpdesk,
) -> None:
    """Tomorrow's export has today's tickets in it, too."""
    assert helpdesk.deliver(a_ticket("And another thing"), source="file:tomorrow.jsonl")
    found = helpdesk.conversation(a_ticket().id)
    assert found
    assert [turn.body for turn in found.ticket.thread] == ["And another thing"]
