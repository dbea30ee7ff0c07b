"""How long a stage waits for models: its own delay is a part of that, and it has an end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from tasks import errors
from tasks.case import Classified
from tasks.classify import classify
from tasks.desk import Used
from tasks.enrich import enrich
from tasks.facts import Account, Known
from tasks.patience import QUESTIONS, Slot
from tasks.ports.guards import Errand, Permit
from tasks.ports.model import Question, Reply, least_of, nobody_minds
from tasks.ticket import Requester
from tests.twins.clock import NOON, StillClock
from tests.twins.desk import Office, shipped
from tests.twins.guards import StrictGuards
from tests.twins.journal import SOMEBODY
from tests.twins.models import ScriptedModels, a_reply
from tests.twins.ticket import CHEAP, enriched, received

SECOND = "anthropic/claude-haiku-5-5"
DOWN = errors.ProviderDown("openai/x: TimeoutError")
TIERS = shipped().tiers
TIMEOUT = TIERS.model(CHEAP).timeout_seconds
LONGEST = max(model.timeout_seconds for model in TIERS.everyone)
LAST = shipped().policy.retry.attempts


@dataclass(slots=True)
class SlowGuards(StrictGuards):
    """Each leave takes so many seconds."""

    clock: StillClock = field(default_factory=StillClock)
    seconds: float = 0.0

    @asynccontextmanager
    async def admit(self, errand: Errand) -> AsyncIterator[Permit]:
        self.clock.at += self.seconds
        async with StrictGuards.admit(self, errand) as permit:
            yield permit


@dataclass(slots=True)
class SlowModels(ScriptedModels):
    """Each answer takes so many seconds, and so does each failure."""

    clock: StillClock = field(default_factory=StillClock)
    seconds: float = 0.0

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        self.clock.at += self.seconds
        return await ScriptedModels.ask(self, question, look)


def _office(*replies: object, leave: float = 0.0, answer: float = 0.0, attempt: int = 1) -> Office:
    clock = StillClock()
    models = SlowModels(list(replies), clock=clock, seconds=answer)  # type: ignore[arg-type]
    guards = SlowGuards(clock=clock, seconds=leave)
    office = Office(models=models, guards=guards, clock=clock)
    office.journal.run = Used(id=SOMEBODY, attempts=attempt - 1)
    return office


def _classify(office: Office, *, slot: Slot | None = None) -> object:
    patience = slot or Slot(office.clock, office.tiers)
    return asyncio.run(classify(enriched(), replace(office.desk, patience=patience)))


def test_what_it_takes_until_the_request_leaves_is_a_part_of_its_timeout() -> None:
    """The commit before it, guards and money: on a busy machine, seconds."""
    office = _office(a_reply(), leave=3.0)
    slot = Slot(office.clock, office.tiers)
    office.clock.at += 1.5  # as the commit of the stage before does
    assert isinstance(_classify(office, slot=slot), Classified)
    (asked,) = office.script.asked
    assert asked.until == NOON + TIMEOUT


def test_what_is_asked_next_has_its_time_from_the_answer_on() -> None:
    office = _office(a_reply("no JSON"), a_reply(), leave=1.0, answer=4.0)
    assert isinstance(_classify(office), Classified)
    assert [one.until for one in office.script.asked] == [NOON + TIMEOUT, NOON + 5.0 + TIMEOUT]


def test_what_facts_take_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have timeouts of their own; what was waited for last is what counts."""
    office = _office()
    slot = Slot(office.clock, office.tiers)

    account = office.facts.account

    async def slow(requester: Requester) -> Known[Account | None]:
        office.clock.at += 7.0
        return await account(requester)

    monkeypatch.setattr(office.facts, "account", slow)
    asyncio.run(enrich(received(), replace(office.desk, patience=slot)))
    assert slot.until(_question(TIMEOUT)) == NOON + 7.0 + TIMEOUT


def test_a_stage_that_has_asked_for_long_asks_nobody_any_more() -> None:
    """Nothing is set aside for it, and the breaker has heard nothing."""
    office = _office()
    slot = Slot(office.clock, office.tiers)
    office.clock.at += QUESTIONS * LONGEST - least_of(TIMEOUT) + 0.1
    with pytest.raises(errors.OutOfTime) as out:
        _classify(office, slot=slot)
    assert out.value.unbilled
    assert (office.script.asked, office.journal.reserved) == ([], [])


def test_its_last_question_ends_with_it() -> None:
    office = _office(a_reply())
    slot = Slot(office.clock, office.tiers)
    office.clock.at += QUESTIONS * LONGEST - TIMEOUT * 0.75
    slot.heard()
    assert isinstance(_classify(office, slot=slot), Classified)
    (asked,) = office.script.asked
    assert asked.until == NOON + QUESTIONS * LONGEST


def test_who_stands_in_within_the_last_attempt_has_time_for_it() -> None:
    """One that hangs takes the longest timeout of all at most."""
    office = _office(DOWN, a_reply(), answer=LONGEST, attempt=LAST)
    assert isinstance(_classify(office), Classified)
    assert office.script.names == [CHEAP, SECOND]


def test_where_that_time_is_up_the_last_attempt_is_spent() -> None:
    """Else the same would hang again and again, and the ticket come to no end."""
    office = _office(DOWN, answer=QUESTIONS * LONGEST, attempt=LAST)
    with pytest.raises(errors.ProviderDown):
        _classify(office)
    assert office.script.names == [CHEAP]


def test_where_that_time_is_up_nobody_waits_for_the_breaker_of_another_one() -> None:
    """The next model may be asked in the next slot, and is not left alone by anybody."""
    office = _office()
    shut = errors.BreakerOpen("openai is open", dependency="openai", retry_after=5.0)
    guards = office.guards
    assert isinstance(guards, SlowGuards)
    guards.closed[CHEAP] = shut
    guards.seconds = QUESTIONS * LONGEST  # one that is let through late
    with pytest.raises(errors.OutOfTime):
        _classify(office)
    assert office.script.names == []


def test_what_an_operator_does_by_hand_has_all_its_timeout() -> None:
    office = _office(a_reply())
    assert isinstance(asyncio.run(classify(enriched(), office.desk)), Classified)
    (asked,) = office.script.asked
    assert asked.until is None


def _question(timeout: float) -> Question:
    office = _office(a_reply())
    _classify(office)
    return replace(office.script.asked[0], timeout_seconds=timeout)
