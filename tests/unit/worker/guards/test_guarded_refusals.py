"""A helpdesk that refuses one ticket, or all of them, while its key works."""

import asyncio
from collections.abc import Collection

import pytest

from tasks.errors import BreakerOpen, NotAllowed
from tasks.ports.guards import Errand
from tasks.ports.helpdesk import Gone, Seen
from tasks.ticket import ExternalId
from tests.twins.breakers import CONFIG, Process, processes
from worker.guards import guarded_helpdesk
from worker.guards.doors import Doors
from worker.guards.guarded_helpdesk import GuardedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk

NAME = "helpdesk:rt"


class Curtained(MemoryHelpdesk):
    """Refuses what is about these tickets, or about all."""

    def __init__(self, hidden: Collection[str] | None) -> None:
        super().__init__([])
        self.hidden = hidden

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        if self.hidden is None or ticket in self.hidden:
            raise NotAllowed("403")
        return await super().look(ticket)


def _guarded(one: Process, hidden: Collection[str] | None) -> GuardedHelpdesk:
    return GuardedHelpdesk(Curtained(hidden), Doors(one.breakers), Errand(upstream=NAME))


async def _refused(guarded: GuardedHelpdesk, *tickets: str) -> None:
    for ticket in tickets:
        with pytest.raises(NotAllowed):
            await guarded.look(ExternalId(ticket))


def test_one_ticket_that_is_refused_again_and_again_opens_nothing() -> None:
    """Nobody else asks for hours of a night: ten failures in a row would be an outage."""
    [one] = processes()
    guarded = _guarded(one, {"T-1"})
    asyncio.run(_refused(guarded, *["T-1"] * 3 * CONFIG.least_calls))
    assert one.state(NAME) == "closed"
    assert one.breakers.standing(NAME).calls == 1


def test_who_is_refused_with_every_ticket_is_held_back() -> None:
    """Else a backlog of thousands would ask for what nobody gives."""
    [one] = processes()
    guarded = _guarded(one, None)
    tickets = [f"T-{number}" for number in range(CONFIG.least_calls)]
    asyncio.run(_refused(guarded, *tickets[:-1]))
    with pytest.raises(BreakerOpen):
        asyncio.run(guarded.look(ExternalId(tickets[-1])))
    assert one.state(NAME) == "open"


def test_it_is_no_news_for_as_many_tickets_as_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_helpdesk, "MOST_KNOWN", 2)
    [one] = processes()
    guarded = _guarded(one, None)
    asyncio.run(_refused(guarded, "T-1", "T-2", "T-2", "T-3", "T-3", "T-1"))
    assert one.breakers.standing(NAME).calls == 4
