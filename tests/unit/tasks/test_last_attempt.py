"""The last attempt of a stage: before people have the ticket, the tier's next model has it."""

import asyncio
from dataclasses import replace

import pytest

from tasks import errors
from tasks.case import Classified, Validated
from tasks.classify import classify
from tasks.desk import Used
from tasks.validate import validate
from tests.twins.desk import Office, shipped
from tests.twins.guards import StrictGuards
from tests.twins.journal import SOMEBODY
from tests.twins.models import ScriptedModels, a_reply, a_verdict
from tests.twins.ticket import CHEAP, classified, enriched
from tests.unit.tasks.test_judging import AGREES, ALL, WITH_JUDGE

SECOND = "anthropic/claude-haiku-5-5"
DOWN = errors.ProviderDown("openai/x: HTTP 503")
ALSO_DOWN = errors.ProviderDown("anthropic/x: HTTP 529")
OPEN = errors.BreakerOpen("anthropic is open", dependency="anthropic", retry_after=5.0)
REFUSED = errors.CredentialRefused("401", credential="ANTHROPIC_API_KEY")
LAST = shipped().policy.retry.attempts


def _office(*replies: object, attempt: int, second: errors.TriageError | None = None) -> Office:
    models = ScriptedModels.answering(replies)  # type: ignore[arg-type]
    guards = StrictGuards({SECOND: second} if second else {})
    office = Office(models=models, guards=guards)
    office.journal.run = Used(id=SOMEBODY, attempts=attempt - 1)
    return office


def _classify(office: Office) -> object:
    return asyncio.run(classify(enriched(), office.desk))


def test_the_next_model_stands_in_and_says_for_whom_and_why() -> None:
    """Its breaker is closed where few ask: nobody else would ever send the ticket on."""
    office = _office(DOWN, a_reply(), attempt=LAST)
    found = _classify(office)
    assert isinstance(found, Classified)
    assert office.script.names == [CHEAP, SECOND]
    assert found.answer.stands_in == f"stands in for {CHEAP}: {DOWN}"


def test_before_the_last_attempt_the_same_model_is_waited_for() -> None:
    office = _office(DOWN, attempt=LAST - 1)
    with pytest.raises(errors.ProviderDown):
        _classify(office)
    assert office.script.names == [CHEAP]


def test_where_all_have_failed_each_was_asked_once() -> None:
    office = _office(DOWN, ALSO_DOWN, attempt=LAST)
    with pytest.raises(errors.ProviderDown) as failed:
        _classify(office)
    assert failed.value is ALSO_DOWN
    assert office.script.names == [CHEAP, SECOND]


def test_a_breaker_that_will_close_is_waited_for() -> None:
    """That one has not been asked yet, and waiting for it costs no attempt."""
    office = _office(DOWN, attempt=LAST, second=OPEN)
    with pytest.raises(errors.BreakerOpen) as held:
        _classify(office)
    assert held.value.dependency == "anthropic"


def test_a_key_that_a_person_has_to_mend_is_not_waited_for() -> None:
    """It may be one that nobody has, of a model that nobody uses."""
    office = _office(DOWN, attempt=LAST, second=REFUSED)
    with pytest.raises(errors.ProviderDown):
        _classify(office)


def test_the_next_judge_hears_an_answer_where_one_fails_once_more() -> None:
    """What had to be judged still is."""
    [judge] = WITH_JUDGE.tiers.judges
    other = judge.model_copy(update={"name": "gemini/another"})
    office = Office(
        models=ScriptedModels.answering([DOWN, a_reply(AGREES)]),
        tiers=WITH_JUDGE.tiers.model_copy(update={"judges": (judge, other)}),
        policy=shipped().policy.model_copy(update={"judge": ALL}),
    )
    office.journal.run = Used(id=SOMEBODY, attempts=LAST - 1)
    desk = replace(office.desk, judge=WITH_JUDGE.judge)
    assert isinstance(asyncio.run(validate(classified(a_verdict()), desk)), Validated)
    assert office.script.names == [judge.name, other.name]
