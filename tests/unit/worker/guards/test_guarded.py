"""A helpdesk behind its guards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import nan

import pytest

from tasks.errors import BreakerOpen, HelpdeskDown, RateLimited
from tasks.ports.guards import Errand, Permit
from tasks.ports.helpdesk import Gone, Seen, Traces
from tasks.ticket import ExternalId
from tests.twins.breakers import CONFIG, Process, opened, processes
from tests.twins.guards import StrictGuards
from worker.guards import guarded_helpdesk
from worker.guards.doors import Doors
from worker.guards.guarded_helpdesk import MOST_CALLS, GuardedHelpdesk
from worker.helpdesks.asked import sending
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
        guarded.refuses(ExternalId("T-1"), {"queue": "vip"}),
    ):
        with pytest.raises(BreakerOpen) as held:
            asyncio.run(call)
        assert held.value.dependency == "helpdesk:rt"


def test_what_may_be_from_memory_says_nothing_of_the_helpdesk() -> None:
    """Else a probe that was answered by nobody would close it."""
    [one] = opened()
    guarded = GuardedHelpdesk(MemoryHelpdesk([]), Doors(one.breakers), Errand(upstream="x"))
    one.clock.at += 5
    asyncio.run(guarded.refuses(ExternalId("T-1"), {}))
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
    unasked = [held for held in ended if isinstance(held, BreakerOpen) and not held.__cause__]
    assert len(unasked) == 50 - helpdesk.asked


def test_what_is_asked_about_a_ticket_is_one_visit_and_is_counted() -> None:
    """By whoever sends the requests: one call may be several, and one from memory is none."""
    guards = Counting()
    guarded = GuardedHelpdesk(Several(), guards, Errand(upstream="helpdesk:rt"))
    asyncio.run(guarded.look(ExternalId("T-1")))
    asyncio.run(guarded.refuses(ExternalId("T-1"), {"queue": "vip"}))
    with pytest.raises(HelpdeskDown):
        asyncio.run(guarded.traces(ExternalId("T-2"), key="k"))
    assert [errand.whose for errand in guards.came] == ["T-1", "T-1", "T-2"]
    assert {errand.visit for errand in guards.came} == {Several().capabilities.write_requests}
    assert [permit.requests for permit in guards.permits] == [2, 0, 1]


class Slow(MemoryHelpdesk):
    """Of the two requests that a look is, something happens before one."""

    def __init__(self, one: Process, *, late: bool) -> None:
        super().__init__([])
        self.one = one
        self.late = late
        self.sent = 0

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        for number in range(2):
            if self.late == bool(number):
                await self.one.fail(9, "helpdesk:rt")
            sending()
            self.sent += 1
        return Gone(f"{ticket}, as the test wants it")


def test_who_had_leave_and_comes_to_its_first_request_late_is_held_back() -> None:
    """Its breaker has opened meanwhile. What has begun is not stopped half way."""
    [one] = processes()
    slow = Slow(one, late=False)
    guarded = GuardedHelpdesk(slow, Doors(one.breakers), Errand(upstream="helpdesk:rt"))
    with pytest.raises(BreakerOpen, match="by now"):
        asyncio.run(guarded.look(ExternalId("T-1")))
    assert slow.sent == 0
    [one] = processes()
    slow = Slow(one, late=True)
    guarded = GuardedHelpdesk(slow, Doors(one.breakers), Errand(upstream="helpdesk:rt"))
    assert isinstance(asyncio.run(guarded.look(ExternalId("T-1"))), Gone)
    assert (slow.sent, one.state("helpdesk:rt")) == (2, "open")


class Several(MemoryHelpdesk):
    """A look is two requests, and after one it is away."""

    def __init__(self) -> None:
        super().__init__([])

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        del ticket
        sending()
        sending()
        return Gone("as the test wants it")

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        del ticket, key
        sending()
        raise HelpdeskDown("as the test wants it")


@dataclass
class Counting(StrictGuards):
    """Keeps the permits, too."""

    permits: list[Permit] = field(default_factory=list)

    @asynccontextmanager
    async def admit(self, errand: Errand) -> AsyncIterator[Permit]:
        async with super().admit(errand) as permit:
            self.permits.append(permit)
            yield permit


class Strict(MemoryHelpdesk):
    """Says 429 so many times, and when it may be asked again."""

    def __init__(self, times: int, says: float | None = 0.01) -> None:
        super().__init__([])
        self.times = times
        self.says = says
        self.asked = 0

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        del ticket
        self.asked += 1
        if self.asked <= self.times:
            raise RateLimited("429", retry_after=self.says)
        return Gone("as the test wants it")


def test_what_the_helpdesk_answers_with_429_is_asked_again_while_the_guards_allow_it() -> None:
    helpdesk = Strict(3)
    guarded = GuardedHelpdesk(helpdesk, Counting(), Errand(upstream="helpdesk:rt"))
    assert isinstance(asyncio.run(guarded.look(ExternalId("T-1"))), Gone)
    assert helpdesk.asked == 4


@pytest.mark.parametrize("says", [None, nan, 0.0, -1.0, 3_600.0])
def test_there_is_a_moment_between_two_calls_whatever_it_says(
    monkeypatch: pytest.MonkeyPatch, says: float | None
) -> None:
    """Also where no guard holds anybody back, as when an operator tries something."""
    monkeypatch.setattr(guarded_helpdesk, "AGAIN_SECONDS", 0.1)
    guarded = GuardedHelpdesk(Strict(2, says), Counting(), Errand(upstream="helpdesk:rt"))
    began = time.monotonic()
    assert isinstance(asyncio.run(guarded.look(ExternalId("T-1"))), Gone)
    assert 0.2 <= time.monotonic() - began < 5


def test_a_helpdesk_that_says_429_for_ever_is_asked_a_bounded_number_of_times() -> None:
    helpdesk = Strict(1_000)
    guarded = GuardedHelpdesk(helpdesk, Counting(), Errand(upstream="helpdesk:rt"))
    with pytest.raises(RateLimited, match="429"):
        asyncio.run(guarded.look(ExternalId("T-1")))
    assert helpdesk.asked == MOST_CALLS


def test_nor_is_it_asked_for_longer_than_a_slot_may_be_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_helpdesk, "MOST_SECONDS", 0.0)
    helpdesk = Strict(1_000)
    guarded = GuardedHelpdesk(helpdesk, Counting(), Errand(upstream="helpdesk:rt"))
    with pytest.raises(RateLimited, match="429"):
        asyncio.run(guarded.look(ExternalId("T-1")))
    assert helpdesk.asked == 1


def test_who_is_held_back_by_a_guard_asks_nothing_again() -> None:
    """It goes back to the ledger, and waits there."""
    helpdesk = Strict(1_000)
    guards = Closing()
    guarded = GuardedHelpdesk(helpdesk, guards, Errand(upstream="helpdesk:rt"))
    with pytest.raises(RateLimited, match="few visit it"):
        asyncio.run(guarded.look(ExternalId("T-1")))
    assert helpdesk.asked == len(guards.came) == 1


@dataclass
class Closing(StrictGuards):
    """Lets the first one in."""

    @asynccontextmanager
    async def admit(self, errand: Errand) -> AsyncIterator[Permit]:
        if self.came:
            raise RateLimited("few visit it at a time", retry_after=9.0)
        async with super().admit(errand) as permit:
            yield permit
