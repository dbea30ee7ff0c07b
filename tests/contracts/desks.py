"""Helpdesks of every kind, and what is asked of them; conftest.py has the fixtures."""

import asyncio
from pathlib import Path

from tasks.ports.helpdesk import Capabilities, Helpdesk, Seen
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


def set_to(helpdesk: Helpdesk, **values: str) -> None:
    """The machine sets what stands there."""
    seen = asyncio.run(helpdesk.look(T1))
    assert isinstance(seen, Seen)
    answer = asyncio.run(helpdesk.set_fields(T1, values, key="tf-1", version=seen.version))
    assert answer is None


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
