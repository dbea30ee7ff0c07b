"""The helpdesk in memory, as a story uses it."""

import asyncio

from tests.twins.ticket import a_ticket
from worker.helpdesks.memory import MemoryHelpdesk


def test_fields_are_read_by_name() -> None:
    """A test looks at what the fleet did, not at which calls it made."""
    helpdesk = MemoryHelpdesk([a_ticket("charged twice")])
    asyncio.run(helpdesk.set_fields(a_ticket().id, {"queue": "payments"}, key="tf-1", version="0"))
    assert helpdesk.fields["T-1"]["queue"] == "payments"
