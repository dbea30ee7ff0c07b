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
from tests.twins.breakers import Process, opened, processes
from worker.guards.doors import Doors, ended_by

ERRAND = Errand(upstream="x", credential="KEY", model="openai/gpt-9")
AGAIN = Errand(upstream="x", model="openai/gpt-9", is_retry=True)


@dataclass
class Meter:
    """Limits that note who came, and turn away as the test has it."""

    refuses: TriageError | None = None
    came: list[str] = field(default_factory=list)

    async def take(self, errand: Errand) -> None:
        self.came.append(f"limit {errand.upstream}")
        if self.refuses:
            raise self.refuses

    def settle(self, errand: Errand, tokens: int) -> None:
        self.came.append(f"{tokens} tokens of {errand.upstream}")

    def told(self, upstream: str, retry_after: float | None) -> None:
        self.came.append(f"{upstream} asked for {retry_after} s")


@dataclass
class Purse:
    """A retry budget that notes what is taken from it and given to it."""

    came: list[str] = field(default_factory=list)

    async def take(self, errand: Errand) -> None:
        self.came.append(f"retry {errand.upstream}")

    def succeeded(self) -> None:
        self.came.append("success")

    def standing(self) -> dict[str, object]:
        return {"retries_left": 7}


async def _go(doors: Doors, errand: Errand = ERRAND, error: BaseException | None = None) -> None:
    async with doors.admit(errand):
        if error:
            raise error


def _overslept(error: TriageError) -> TriageError:
    error.overslept = True
    return error


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (None, Ended.SUCCESS),
        (ProviderDown("502"), Ended.FAILURE),
        (_overslept(ProviderDown("TimeoutError")), Ended.NEUTRAL),
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
    with pytest.raises(UnknownModel) as held:
        asyncio.run(_go(doors))
    assert held.value.guard == "model:openai/gpt-9", "its runs would be let go by the key, for ever"
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
    one.clock.at += 50

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
    purse, meter = Purse(), Meter()
    doors = Doors(one.breakers, budget=purse, limits=meter)
    asyncio.run(_go(doors))
    asyncio.run(_go(doors, AGAIN))
    assert purse.came == ["success", "retry x", "success"]
    assert meter.came == ["limit x", "limit x"]


def test_what_helpdesks_and_facts_answer_buys_no_retry_of_a_model() -> None:
    """A ticket has a dozen such requests: the budget would be as many times too large."""
    purse = Purse()
    [one] = processes()
    doors = Doors(one.breakers, budget=purse)
    for upstream in ("helpdesk:rt", "facts"):
        asyncio.run(_go(doors, Errand(upstream=upstream)))
    assert purse.came == []


def test_limits_hear_what_it_came_to_and_what_the_upstream_asked_for() -> None:
    [one] = processes()
    meter = Meter()
    doors = Doors(one.breakers, limits=meter)

    async def with_tokens() -> None:
        async with doors.admit(ERRAND) as permit:
            permit.tokens = 940

    asyncio.run(with_tokens())
    with pytest.raises(RateLimited):
        asyncio.run(_go(doors, error=RateLimited("429", retry_after=3.0)))
    assert meter.came == ["limit x", "940 tokens of x", "limit x", "x asked for 3.0 s"]


def test_the_record_says_how_the_guards_stood() -> None:
    [one] = processes()

    async def asked(doors: Doors) -> dict[str, object]:
        async with doors.admit(ERRAND) as permit:
            return permit.standing

    whole = Doors(one.breakers, budget=Purse())
    assert asyncio.run(asked(whole)) == {"breaker": "closed", "retries_left": 7}
    without = Doors(one.breakers, off=lambda: {"breaker"})
    assert asyncio.run(asked(without)) == {"breaker": "off"}


def test_a_guard_that_is_off_holds_nobody_and_is_told_nothing() -> None:
    """The others do as before."""
    [one] = opened()
    purse, meter = Purse(), Meter(refuses=RateLimited("slow"))
    off = {"breaker", "retry_budget", "rate_limits"}
    doors = Doors(one.breakers, budget=purse, limits=meter, off=lambda: off)
    asyncio.run(_go(doors, AGAIN))
    assert (purse.came, meter.came) == (["success"], [])
    off.remove("rate_limits")
    with pytest.raises(RateLimited):
        asyncio.run(_go(doors))


def _due() -> Process:
    [one] = opened()
    one.clock.at += 5
    return one


def test_a_probe_is_no_retry() -> None:
    """It is made however many retries there were, or a spent budget would keep it open for ever."""
    purse = Purse()
    doors = Doors(_due().breakers, budget=purse)
    asyncio.run(_go(doors, AGAIN))
    assert purse.came == ["success"]


def test_nothing_is_taken_where_the_breaker_is_open() -> None:
    [one] = opened()
    purse, meter = Purse(), Meter()
    with pytest.raises(BreakerOpen):
        asyncio.run(_go(Doors(one.breakers, budget=purse, limits=meter)))
    assert purse.came == meter.came == []


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
