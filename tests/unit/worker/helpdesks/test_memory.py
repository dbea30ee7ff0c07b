"""The helpdesk in memory, as a story uses it."""

import asyncio

from tasks.ports.helpdesk import FieldWrite
from tests.twins.ticket import a_ticket
from worker.helpdesks.memory import MemoryHelpdesk


def test_fields_are_read_by_name() -> None:
    """A test looks at what the fleet did, not at which calls it made."""
    helpdesk = MemoryHelpdesk([a_ticket("charged twice")])
    wanted = {"queue": FieldWrite(before=None, value="payments")}
    asyncio.run(helpdesk.write(a_ticket().id, wanted, key="R-1:fields"))
    assert helpdesk.fields["T-1"]["queue"] == "payments"
