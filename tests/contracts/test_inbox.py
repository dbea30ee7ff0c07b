"""What every inbox keeps."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.intake import parse_ticket
from tasks.ports.inbox import Inbox, Page
from tasks.ticket import ExternalId, Ticket
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.inboxes.embedded import EmbeddedInbox
from worker.inboxes.file import FileInbox


class Office(Protocol):
    """An inbox, and the customers who write to it."""

    @property
    def inbox(self) -> Inbox: ...

    def arrive(self, number: int) -> None:
        """Ticket T-`number` comes in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOffice:
    """Tickets are appended to a file."""

    inbox: FileInbox
    path: Path

    def arrive(self, number: int) -> None:
        """One more line."""
        with self.path.open("a") as file:
            file.write(_ticket(number).model_dump_json() + "\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyOffice:
    """Customers write again."""

    inbox: EmbeddedInbox
    helpdesk: EmbeddedHelpdesk

    def arrive(self, number: int) -> None:
        """A ticket, and the customer's reply to it."""
        self.helpdesk.deliver(_ticket(number), source="file:inbox.jsonl")
        assert self.helpdesk.reply(ExternalId(f"T-{number}"), "It has happened again")


@pytest.fixture(params=["file", "replies"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An inbox that has brought nothing yet."""
    if request.param == "file":
        path = tmp_path / "inbox.jsonl"
        path.touch()
        yield FileOffice(inbox=FileInbox(path, root=tmp_path), path=path)
        return
    helpdesk = EmbeddedHelpdesk(tmp_path / "helpdesk.db", StillClock())
    yield ReplyOffice(inbox=EmbeddedInbox(helpdesk), helpdesk=helpdesk)
    helpdesk.close()


def _ticket(number: int) -> Ticket:
    return a_ticket().model_copy(update={"id": ExternalId(f"T-{number}")})


def _arrive(office: Office, *numbers: int) -> None:
    for number in numbers:
        office.arrive(number)


def _ids(*pages: Page) -> list[str]:
    found = [parse_ticket(m.raw, body_bytes=10_000) for page in pages for m in page.messages]
    assert all(isinstance(ticket, Ticket) for ticket in found), found
    return [ticket.id for ticket in found if isinstance(ticket, Ticket)]


def _pages(inbox: Inbox, position: str | None, *, limit: int) -> list[Page]:
    pages = [inbox.read(position, limit=limit)]
    while pages[-1].more:
        pages.append(inbox.read(pages[-1].position, limit=limit))
    return pages


def test_an_inbox_without_messages_brings_none(office: Office) -> None:
    """And a position to go on from."""
    page = office.inbox.read(None, limit=10)
    assert (page.messages, page.more) == ((), False)
    assert not office.inbox.read(page.position, limit=10).messages


def test_everything_is_brought_oldest_first(office: Office) -> None:
    """From the beginning, where no position is given."""
    _arrive(office, 1, 2, 3)
    assert _ids(office.inbox.read(None, limit=10)) == ["T-1", "T-2", "T-3"]


def test_reading_goes_on_where_it_was(office: Office) -> None:
    """What was brought is not brought again while nothing is lost."""
    _arrive(office, 1, 2)
    page = office.inbox.read(None, limit=10)
    assert office.inbox.read(page.position, limit=10).messages == ()
    _arrive(office, 3, 4)
    assert _ids(office.inbox.read(page.position, limit=10)) == ["T-3", "T-4"]


def test_pages_hold_no_more_than_the_limit_and_together_everything(office: Office) -> None:
    """The last one, and only that, says that there is no more."""
    _arrive(office, *range(7))
    pages = _pages(office.inbox, None, limit=3)
    assert [len(page.messages) for page in pages] == [3, 3, 1]
    assert _ids(*pages) == [f"T-{number}" for number in range(7)]


def test_a_last_page_that_is_full_is_the_last(office: Office) -> None:
    """Nobody asks once more for nothing."""
    _arrive(office, 1, 2)
    assert not office.inbox.read(None, limit=2).more


def test_the_same_position_brings_the_same_again(office: Office) -> None:
    """A reader that died before it committed loses nothing."""
    _arrive(office, 1, 2, 3)
    first = office.inbox.read(None, limit=1)
    once = office.inbox.read(first.position, limit=10)
    _arrive(office, 4)
    assert _ids(once) == ["T-2", "T-3"]
    assert _ids(office.inbox.read(first.position, limit=10)) == ["T-2", "T-3", "T-4"]


def test_a_message_says_whose_ticket_it_is(office: Office) -> None:
    """The source that first brought a ticket, which a reply keeps."""
    _arrive(office, 1)
    [message] = office.inbox.read(None, limit=10).messages
    assert message.source == "file:inbox.jsonl"


@given(position=st.text())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_position_that_means_nothing_is_the_beginning(office: Office, position: str) -> None:
    """Another version's, or another inbox's: starting over loses nothing."""
    office.arrive(1)
    assert _ids(office.inbox.read(position, limit=1)) == ["T-1"]
