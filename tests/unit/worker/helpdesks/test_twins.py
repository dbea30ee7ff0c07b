"""The helpdesk in memory and the one in a file never disagree."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ports.helpdesk import FIELDS, FieldWrite
from tasks.ticket import ExternalId, Turn
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk

AnyHelpdesk = EmbeddedHelpdesk | MemoryHelpdesk
Deed = Callable[[AnyHelpdesk], object]

TICKETS = [ExternalId("T-1"), ExternalId("T-2")]

a_name = st.sampled_from(TICKETS)
a_field = st.sampled_from(FIELDS)
a_value = st.sampled_from([None, "a", "b"])
a_text = st.sampled_from(["a", "b"])
a_key = st.sampled_from(["R-1", "R-2"])


def _write(ticket: ExternalId, wanted: dict[str, FieldWrite], key: str) -> Deed:
    return lambda helpdesk: asyncio.run(helpdesk.write(ticket, wanted, key=key))


def _note(ticket: ExternalId, body: str, key: str) -> Deed:
    return lambda helpdesk: asyncio.run(helpdesk.add_note(ticket, body, key=key))


def _deliver(ticket: ExternalId, body: str, turns: list[str], queue: str, source: str) -> Deed:
    thread = tuple(Turn(author="customer", body=turn) for turn in turns)
    brought = a_ticket(body, thread=thread, fields={"queue": queue})
    named = brought.model_copy(update={"id": ticket})
    return lambda helpdesk: helpdesk.deliver(named, source=source)


def _edit(ticket: ExternalId, field: str, value: str | None) -> Deed:
    return lambda helpdesk: helpdesk.edit(ticket, field, value, "ada")


def _reply(ticket: ExternalId, text: str) -> Deed:
    return lambda helpdesk: helpdesk.reply(ticket, text)


def _close(ticket: ExternalId) -> Deed:
    return lambda helpdesk: helpdesk.close_ticket(ticket)


a_write = st.builds(FieldWrite, before=a_value, value=a_text)
a_deed = st.one_of(
    st.builds(_deliver, a_name, a_text, st.lists(a_text, max_size=3), a_text, a_text),
    st.builds(_write, a_name, st.dictionaries(a_field, a_write), a_key),
    st.builds(_note, a_name, a_text, a_key),
    st.builds(_edit, a_name, a_field, a_value),
    st.builds(_reply, a_name, a_text),
    st.builds(_close, a_name),
)


@given(deeds=st.lists(a_deed, max_size=12))
@settings(max_examples=100, deadline=None)
def test_the_twins_answer_and_show_the_same(deeds: list[Deed]) -> None:
    """Whatever is done to both, in whatever order."""
    memory = MemoryHelpdesk(clock=StillClock())
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedHelpdesk(Path(folder) / "helpdesk.db", StillClock())
        for deed in deeds:
            assert deed(memory) == deed(embedded)
        for ticket in TICKETS:
            assert memory.show(ticket) == embedded.show(ticket)
            assert memory.conversation(ticket) == embedded.conversation(ticket)
        embedded.close()
