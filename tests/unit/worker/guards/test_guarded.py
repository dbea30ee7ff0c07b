"""Facts and a helpdesk behind their guards."""

import asyncio

import pytest

from tasks.errors import BreakerOpen, FactsDown
from tasks.ports.guards import Errand
from tasks.ticket import ExternalId
from tests.twins.breakers import opened, processes
from tests.twins.facts import ADA, an_account, sources
from worker.guards.doors import Doors
from worker.guards.guarded_facts import GuardedFacts
from worker.guards.guarded_helpdesk import GuardedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk


def test_facts_whose_breaker_is_open_are_down_at_once() -> None:
    """The stage goes on without them, and says so."""
    [one] = processes()
    away = sources()
    away.down = {"account", "billing"}
    facts = GuardedFacts(away, Doors(one.breakers))
    for _ in range(10):
        with pytest.raises(FactsDown):
            asyncio.run(facts.account(ADA))
    assert one.state("facts") == "open"
    with pytest.raises(FactsDown, match="fails too often") as held:
        asyncio.run(facts.billing(ADA))
    assert isinstance(held.value.__cause__, BreakerOpen)


def test_facts_that_answer_answer_through_the_guards() -> None:
    [one] = processes()
    facts = GuardedFacts(sources(account=an_account()), Doors(one.breakers))
    assert asyncio.run(facts.account(ADA)) == an_account()
    assert one.breakers.standing("facts").calls == 1


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
