"""Helpdesks of every kind, and what is asked of them; conftest.py has the fixtures."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from tasks.ports.helpdesk import Capabilities, Gone, Helpdesk, Moved, Seen
from tasks.ticket import ExternalId, Ticket
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk
from worker.helpdesks.shown import ShownTicket

AnyHelpdesk = EmbeddedHelpdesk | MemoryHelpdesk

T1 = ExternalId("T-1")
NOBODY = ExternalId("T-404")
SOURCE = "file:inbox.jsonl"


def made(kind: str, folder: Path, capabilities: Capabilities) -> AnyHelpdesk:
    """A helpdesk with one open ticket, T-1, whose queue is `inbox`."""
    clock = StillClock()
    desk: AnyHelpdesk = (
        EmbeddedHelpdesk(folder / "helpdesk.db", clock, capabilities=capabilities)
        if kind == "embedded"
        else MemoryHelpdesk(clock=clock, capabilities=capabilities)
    )
    desk.deliver(a_ticket(fields={"queue": "inbox"}), source=SOURCE)
    return desk


def look(helpdesk: Helpdesk) -> Seen:
    """T-1 as it stands."""
    seen = asyncio.run(helpdesk.look(T1))
    assert isinstance(seen, Seen)
    return seen


def set_to(
    helpdesk: Helpdesk,
    *,
    key: str = "tf-1",
    ticket: ExternalId = T1,
    seen: Seen | None = None,
    **values: str,
) -> Moved | Gone | None:
    """Sets what stands there, as it was `seen`, or as it is."""
    version = (seen or look(helpdesk)).version if ticket == T1 else "0"
    return asyncio.run(helpdesk.set_fields(ticket, values, key=key, version=version))


def note(helpdesk: Helpdesk, body: str, *, key: str, ticket: ExternalId = T1) -> Gone | None:
    """Posts a note."""
    return asyncio.run(helpdesk.post_note(ticket, body, key=key))


def traces(helpdesk: Helpdesk, key: str = "tf-1") -> Mapping[str, int]:
    """What T-1 holds under the key."""
    return asyncio.run(helpdesk.traces(T1, key=key)).counts


def shown(helpdesk: AnyHelpdesk) -> ShownTicket:
    """T-1 as people see it."""
    found = helpdesk.show(T1)
    assert found is not None
    return found


def ticket_of(helpdesk: AnyHelpdesk) -> Ticket:
    """T-1 as a source of tickets."""
    known = helpdesk.conversation(T1)
    assert known is not None
    return known.ticket
