"""A helpdesk behind its guards."""

import asyncio

import pytest

from tasks.errors import BreakerOpen, HelpdeskDown
from tasks.ports.guards import Errand
from tasks.ports.helpdesk import Gone, Seen
from tasks.ticket import ExternalId
from tests.twins.breakers import CONFIG, opened, processes
from worker.guards.doors import Doors
from worker.guards.guarded_helpdesk import GuardedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk


def test_a_helpdesk_whose_breaker_is_open_is_sent_nothing() -> None:
    [one] = processes()
    helpdesk = MemoryHelpdesk([])
    guarded = GuardedHelpdesk(helpdesk, Doors(one.breakers), Errand(upstream="helpdesk:rt"))
    asyncio.run(one.fail(10, "helpdesk:rt"))
    for call in (
        guarded.look(ExternalId("T-1")),
        guarded.set_fields(ExternalId("T-1"), {"queue": "vip"}, key="k", version="1"),
        guarded.post_note(ExternalId("T-1"), "a note", key="k"),
        guarded.traces(ExternalId("T-1"), key="k"),
        guarded.refuses({"queue": "vip"}),
    ):
        with pytest.raises(BreakerOpen) as held:
            asyncio.run(call)
        assert held.value.dependency == "helpdesk:rt"


def test_what_may_be_from_memory_says_nothing_of_the_helpdesk() -> None:
    """Else a probe that was answered by nobody would close it."""
    [one] = opened()
    guarded = GuardedHelpdesk(MemoryHelpdesk([]), Doors(one.breakers), Errand(upstream="x"))
    one.clock.at += 5
    asyncio.run(guarded.refuses({}))
    assert one.state() == "open"
    one.breakers.sync()
    asyncio.run(guarded.look(ExternalId("T-1")))
    assert one.state() == "ramp"


class Busy(MemoryHelpdesk):
    """Takes its time, and then is away."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked = 0

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        del ticket
        self.asked += 1
        await asyncio.sleep(0)
        raise HelpdeskDown("as the test wants it")


def test_who_waited_for_a_turn_asks_the_breaker_when_it_comes() -> None:
    """Else as many as wait would call a helpdesk that is known to be away."""
    [one] = processes()
    helpdesk = Busy()
    guarded = GuardedHelpdesk(
        helpdesk, Doors(one.breakers), Errand(upstream="helpdesk:rt"), at_once=2
    )

    async def all_at_once() -> list[object]:
        calls = (guarded.look(ExternalId(f"T-{number}")) for number in range(50))
        return [*await asyncio.gather(*calls, return_exceptions=True)]

    ended = asyncio.run(all_at_once())
    assert one.state("helpdesk:rt") == "open"
    assert helpdesk.asked <= CONFIG.least_calls + 1  # the other one was under way
    assert sum(isinstance(one, BreakerOpen) for one in ended) == 50 - helpdesk.asked
