"""The helpdesk in memory and the one in a file never disagree."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ports.helpdesk import FIELDS, Gone
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


def _set(ticket: ExternalId, values: dict[str, str], key: str, *, late: bool) -> Deed:
    """`late`: another change comes between look and write."""

    async def do(helpdesk: AnyHelpdesk) -> object:
        seen = await helpdesk.look(ticket)
        if isinstance(seen, Gone):
            return seen
        if late:
            helpdesk.edit(ticket, "queue", "c", "ada")
        moved = await helpdesk.set_fields(ticket, values, key=key, version=seen.version)
        return seen.fields, moved, await helpdesk.traces(ticket, key=key)

    return lambda helpdesk: asyncio.run(do(helpdesk))


def _note(ticket: ExternalId, body: str, key: str) -> Deed:
    return lambda helpdesk: asyncio.run(helpdesk.post_note(ticket, body, key=f"{key}:note"))


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


a_deed = st.one_of(
    st.builds(_deliver, a_name, a_text, st.lists(a_text, max_size=3), a_text, a_text),
    st.builds(_set, a_name, st.dictionaries(a_field, a_text), a_key, late=st.booleans()),
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
