"""What a request passes on its way out, in which order, and who hears how it ended."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tasks.errors import (
    BreakerOpen,
    ContextTooLong,
    CredentialRefused,
    FactsDown,
    HelpdeskDown,
    LedgerDown,
    ProviderDown,
    RateLimited,
    RetriesSpent,
    TriageError,
    UnknownModel,
    ValuesNotTaken,
)
from tasks.ports.guards import Ended, Errand
from tasks.ticket import ExternalId
from tests.twins.breakers import Process, opened, processes
from tests.twins.facts import ADA, an_account, sources
from worker.guards.doors import Doors, ended_by
from worker.guards.guarded_facts import GuardedFacts
from worker.guards.guarded_helpdesk import GuardedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk

ERRAND = Errand(upstream="x", credential="KEY", model="openai/gpt-9")


@dataclass
class Meter:
    """Budget and limits that note who came, and turn away as the test has it."""

    refuses: TriageError | None = None
    came: list[str] = field(default_factory=list)

    async def take(self, errand: Errand | None = None) -> None:
        self.came.append("retry" if errand is None else "limit")
        if self.refuses:
            raise self.refuses

    async def succeeded(self) -> None:
        self.came.append("success")


async def _go(doors: Doors, errand: Errand = ERRAND, error: BaseException | None = None) -> None:
    async with doors.admit(errand):
        if error:
            raise error


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (None, Ended.SUCCESS),
        (ProviderDown("502"), Ended.FAILURE),
        (HelpdeskDown("502"), Ended.FAILURE),
        (FactsDown("502"), Ended.FAILURE),
        (RateLimited("429"), Ended.NEUTRAL),
        (ContextTooLong("400"), Ended.NEUTRAL),
        (CredentialRefused("401", credential="KEY"), Ended.NEUTRAL),
        (ValuesNotTaken("it holds something else"), Ended.NEUTRAL),
        (LedgerDown("away"), Ended.NEUTRAL),
        (ZeroDivisionError("a bug"), Ended.NEUTRAL),
        (asyncio.CancelledError(), Ended.CANCELLED),
    ],
)
def test_what_an_error_says_of_the_upstream(error: BaseException | None, ended: Ended) -> None:
    """Only who did not answer, or could not, has failed."""
    assert ended_by(error) is ended


def test_who_asks_knows_better_than_the_error() -> None:
    """An answer that came and was of no use is a success of the upstream's."""
    [one] = processes()

    async def of_no_use() -> None:
        async with Doors(one.breakers).admit(ERRAND) as permit:
            permit.ended = Ended.SUCCESS
            raise ProviderDown("it was not JSON")

    for _ in range(10):
        with pytest.raises(ProviderDown):
            asyncio.run(of_no_use())
    assert one.state() == "closed"


def test_a_refused_key_stops_all_that_have_it_and_nobody_else() -> None:
    """The upstream's breaker stays closed: it has answered."""
    [one] = processes()
    doors = Doors(one.breakers)
    with pytest.raises(CredentialRefused, match="401"):
        asyncio.run(_go(doors, error=CredentialRefused("401", credential="KEY")))
    with pytest.raises(CredentialRefused, match="tries it again") as held:
        asyncio.run(_go(doors))
    assert held.value.credential == "KEY"
    asyncio.run(_go(doors, Errand(upstream="x", credential="OTHER")))
    assert one.state() == "closed"


def test_a_model_that_is_not_there_is_no_fault_of_the_key() -> None:
    [one] = processes()
    doors = Doors(one.breakers)
    with pytest.raises(UnknownModel):
        asyncio.run(_go(doors, error=UnknownModel("404", credential="KEY")))
    with pytest.raises(UnknownModel):
        asyncio.run(_go(doors))
    asyncio.run(_go(doors, Errand(upstream="x", credential="KEY", model="openai/other")))


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, "closed"),
        (RateLimited("429"), "closed"),
        (ContextTooLong("400"), "closed"),
        (ProviderDown("502"), "open"),
        (CredentialRefused("401", credential="KEY"), "open"),
        (asyncio.CancelledError(), "open"),
    ],
)
def test_any_answer_but_a_refusal_accepts_a_key_again(
    error: BaseException | None, state: str
) -> None:
    """No answer says nothing of it."""
    [one] = processes()
    doors = Doors(one.breakers)
    with pytest.raises(CredentialRefused):
        asyncio.run(_go(doors, error=CredentialRefused("401", credential="KEY")))
    one.clock.at += 40

    async def again() -> None:
        with suppress(Exception, asyncio.CancelledError):
            await _go(doors, error=error)

    asyncio.run(again())
    assert one.state("credential:KEY") == state


def test_who_does_not_answer_says_nothing_of_the_key() -> None:
    """An outage stops its provider, not all who share the key."""
    [one] = processes()
    with pytest.raises(ProviderDown):
        asyncio.run(_go(Doors(one.breakers), error=ProviderDown("502")))
    assert one.state("credential:KEY") == "closed"


def test_a_retry_is_taken_from_the_budget_and_a_success_fills_it() -> None:
    [one] = processes()
    meter = Meter()
    doors = Doors(one.breakers, budget=meter, limits=meter)
    asyncio.run(_go(doors))
    asyncio.run(_go(doors, Errand(upstream="x", is_retry=True)))
    assert meter.came == ["limit", "success", "retry", "limit", "success"]


def _due() -> Process:
    [one] = opened()
    one.clock.at += 5
    return one


def test_a_probe_is_no_retry() -> None:
    """It is made however many retries there were, or a spent budget would keep it open for ever."""
    meter = Meter()
    doors = Doors(_due().breakers, budget=meter, limits=Meter())
    asyncio.run(_go(doors, Errand(upstream="x", is_retry=True)))
    assert meter.came == ["success"]


def test_nothing_is_taken_where_the_breaker_is_open() -> None:
    [one] = opened()
    meter = Meter()
    with pytest.raises(BreakerOpen):
        asyncio.run(_go(Doors(one.breakers, budget=meter, limits=meter)))
    assert meter.came == []


@pytest.mark.parametrize(
    "refuses",
    [RateLimited("slow"), RetriesSpent("enough", dependency="x", retry_after=1.0)],
)
def test_a_probe_that_a_later_door_turned_away_is_given_back(refuses: TriageError) -> None:
    one = _due()
    doors = Doors(one.breakers, limits=Meter(refuses=refuses))
    with pytest.raises(type(refuses)):
        asyncio.run(_go(doors))
    one.breakers.sync()
    asyncio.run(one.probe())


# ── Facts and helpdesk ───────────────────────────────────────────────────────────────────────────


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
