"""Customers' replies as an inbox: whole conversations, as the next revision of their tickets."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.errors import SourceDown
from tasks.intake import parse_ticket
from tasks.ports.inbox import Message
from tasks.ticket import ExternalId, Ticket
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.inboxes.embedded import EmbeddedInbox

SOURCE = "file:inbox.jsonl"
T1 = ExternalId("T-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "helpdesk.db"


@pytest.fixture
def helpdesk(path: Path) -> Iterator[EmbeddedHelpdesk]:
    helpdesk = EmbeddedHelpdesk(path, StillClock())
    helpdesk.deliver(a_ticket(subject="Coffee"), source=SOURCE)
    yield helpdesk
    helpdesk.close()


def _parsed(message: Message) -> Ticket:
    ticket = parse_ticket(message.raw, body_bytes=10_000)
    assert isinstance(ticket, Ticket)
    return ticket


def _only(helpdesk: EmbeddedHelpdesk, position: str | None = None) -> Ticket:
    [message] = EmbeddedInbox(helpdesk).read(position, limit=10).messages
    return _parsed(message)


def test_a_reply_makes_a_new_revision_of_the_same_ticket(helpdesk: EmbeddedHelpdesk) -> None:
    """The same source and id, another digest: the reply is among what the customer said."""
    helpdesk.reply(T1, "It has happened again")
    [message] = EmbeddedInbox(helpdesk).read(None, limit=10).messages
    ticket = _parsed(message)
    assert (message.source, ticket.id) == (SOURCE, T1)
    assert (ticket.subject, ticket.body) == ("Coffee", a_ticket().body)
    assert "It has happened again" in ticket.said()
    assert ticket.digest() != a_ticket(subject="Coffee").digest()


def test_a_ticket_without_a_reply_is_not_brought(helpdesk: EmbeddedHelpdesk) -> None:
    """Nor one whose source brought another turn: that source brings it itself."""
    helpdesk.deliver(a_ticket("I was charged thrice"), source=SOURCE)
    assert EmbeddedInbox(helpdesk).read(None, limit=10).messages == ()


def test_several_replies_to_one_ticket_are_one_message(helpdesk: EmbeddedHelpdesk) -> None:
    """It holds them all, so that one triage answers them all."""
    helpdesk.reply(T1, "It has happened again")
    helpdesk.reply(T1, "And again")
    ticket = _only(helpdesk)
    assert [turn.body for turn in ticket.thread] == ["It has happened again", "And again"]


def test_a_revision_taken_in_and_delivered_again_changes_nothing(
    helpdesk: EmbeddedHelpdesk,
) -> None:
    """Intake delivers every ticket to the helpdesk, replies' revisions too."""
    helpdesk.reply(T1, "It has happened again")
    once = _only(helpdesk)
    helpdesk.deliver(once, source=SOURCE)
    assert _only(helpdesk) == once


def test_a_revision_holds_what_the_helpdesk_holds_but_for_peoples_choices(
    helpdesk: EmbeddedHelpdesk,
) -> None:
    """So our own former value may be replaced, and a person's is found and kept."""
    wanted = {"queue": "payments", "priority": "3"}
    asyncio.run(helpdesk.set_fields(T1, wanted, key="tf-1", version="0"))
    helpdesk.edit(T1, "queue", "fraud", "ada")
    helpdesk.reply(T1, "It has happened again")
    assert _only(helpdesk).fields == {"priority": "3"}


def test_a_helpdesk_made_anew_starts_over(helpdesk: EmbeddedHelpdesk, path: Path) -> None:
    """Its first reply has a number that the old one had given already."""
    helpdesk.reply(T1, "It has happened again")
    position = EmbeddedInbox(helpdesk).read(None, limit=10).position
    helpdesk.close()
    for file in path.parent.glob("helpdesk.db*"):
        file.unlink()
    fresh = EmbeddedHelpdesk(path, StillClock())
    fresh.deliver(a_ticket(), source=SOURCE)
    fresh.reply(T1, "Hello?")
    assert "Hello?" in _only(fresh, position).said()
    fresh.close()


def test_a_helpdesk_brought_back_from_a_copy_starts_over(helpdesk: EmbeddedHelpdesk) -> None:
    """It gives numbers a second time that the ledger has read already."""
    helpdesk.reply(T1, "It has happened again")
    position = EmbeddedInbox(helpdesk).read(None, limit=10).position
    ahead = position.partition(":")[0] + ":1000"
    assert "It has happened again" in _only(helpdesk, ahead).said()


def test_a_helpdesk_that_is_down_is_a_source_that_is_down(tmp_path: Path) -> None:
    """Intake has one word for it, whatever the source."""
    helpdesk = EmbeddedHelpdesk(tmp_path / "missing" / "helpdesk.db", StillClock())
    with pytest.raises(SourceDown, match="replies wait there"):
        EmbeddedInbox(helpdesk).read(None, limit=10)
    helpdesk.close()


def test_replies_are_read_while_another_process_writes(
    helpdesk: EmbeddedHelpdesk, path: Path
) -> None:
    """Intake waits for nobody."""
    helpdesk.reply(T1, "It has happened again")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert _only(helpdesk).thread
    other.close()
