"""One call: let through, paid for, asked once, written down; and who stands in when one is away."""

import asyncio
from dataclasses import replace

import pytest

from config.guards import Caps
from tasks import errors, prompt
from tasks.case import Classified, Enriched
from tasks.causes import ReviewReason, WaitReason
from tasks.classify import classify
from tasks.desk import Desk, Used
from tasks.detour import Degrade, NeedsHuman, Wait
from tasks.events import Kind
from tasks.ports.guards import Ended
from tasks.ticket import Turn
from tasks.validate import validate
from tests.twins.clock import NOON
from tests.twins.desk import Office, only
from tests.twins.guards import StrictGuards
from tests.twins.journal import SOMEBODY
from tests.twins.models import ScriptedModels, a_reply
from tests.twins.ticket import CHEAP, a_ticket, an_answer, enriched

SECOND = "anthropic/claude-haiku-5-5"
OPEN = errors.BreakerOpen("openai is open", dependency="openai", retry_after=5.0)
REFUSED = errors.CredentialRefused("401", credential="ANTHROPIC_API_KEY")
DAY = 86_400.0


def _office(*replies: object, **closed: errors.TriageError) -> tuple[Office, StrictGuards]:
    models = ScriptedModels.answering(replies)  # type: ignore[arg-type]
    names = {"first": CHEAP, "second": SECOND}
    guards = StrictGuards({names[name]: error for name, error in closed.items()})
    return Office(models=models, guards=guards), guards


def _classify(office: Office, case: Enriched | None = None, desk: Desk | None = None) -> object:
    return asyncio.run(classify(case or enriched(), desk or office.desk))


def _through(office: Office, case: Enriched | None = None) -> Classified:
    found = _classify(office, case)
    assert isinstance(found, Classified), found
    return found


def test_what_a_call_may_cost_is_set_aside_before_it_is_asked() -> None:
    """By the tier and the day that it is asked on, and with the question that it is for."""
    office, guards = _office(a_reply())
    found = _through(office)
    (body,) = office.journal.reserved
    assert body["account"] == "2026-01-01/economy"
    assert (body["model"], body["attempt"]) == (CHEAP, 1)
    assert body["question"] == found.answer.question
    (answered,) = office.journal.entries
    most, cost = body["reserved"], answered.body["micro_usd"]
    assert isinstance(most, int)
    assert isinstance(cost, int)
    assert cost < most
    assert answered.body["guards"] == {"breaker": "closed"}
    (errand,) = guards.came
    assert (errand.upstream, errand.credential) == ("openai", "OPENAI_API_KEY")
    assert (errand.is_retry, errand.whose) == (False, "R-1")
    assert guards.ended == [Ended.SUCCESS]


def test_a_call_that_fails_is_recorded_with_what_was_asked_and_what_it_cost() -> None:
    office, guards = _office(errors.ProviderDown("openai/x: HTTP 503"))
    with pytest.raises(errors.ProviderDown):
        _classify(office)
    (entry,) = office.journal.entries
    assert entry.kind is Kind.UNANSWERED
    assert (entry.body["error"], entry.body["why"]) == ("ProviderDown", "openai/x: HTTP 503")
    assert a_ticket().body in entry.texts["question"]
    assert guards.ended == [Ended.FAILURE]


def test_whose_breaker_opens_while_the_money_is_set_aside_is_not_asked() -> None:
    """It has cost nothing, the next one stands in, and the breaker is told nothing."""
    office, guards = _office(a_reply())
    guards.late = {CHEAP: errors.BreakerOpen("by now", dependency="openai", retry_after=5.0)}
    found = _through(office)
    assert [asked.model for asked in office.script.asked] == [SECOND]
    assert found.answer.stands_in
    unasked, _ = office.journal.entries
    assert (unasked.kind, unasked.body["micro_usd"]) == (Kind.UNANSWERED, 0)
    assert guards.ended == [Ended.NEUTRAL, Ended.SUCCESS]


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (errors.RateLimited("429"), Ended.NEUTRAL),
        (errors.Rejected("400"), Ended.NEUTRAL),
        (KeyError("a bug of ours"), Ended.NEUTRAL),
    ],
)
def test_what_is_no_fault_of_the_providers_counts_neither_way(
    error: Exception, ended: Ended
) -> None:
    office, guards = _office(error, second=OPEN)
    with pytest.raises(type(error)):
        _classify(office)
    assert guards.ended == [ended]


def test_a_wrong_key_counts_neither_way() -> None:
    office, guards = _office(REFUSED, second=OPEN)
    with pytest.raises(errors.BreakerOpen):
        _classify(office)
    assert guards.ended == [Ended.NEUTRAL]


def test_a_second_try_is_told_to_be_one() -> None:
    """It spends the fleet's retry budget."""
    office, guards = _office(a_reply())
    office.journal.run = Used(id=SOMEBODY, attempts=1)
    _through(office)
    assert guards.came[0].is_retry
    assert office.journal.reserved[0]["attempt"] == 2


@pytest.mark.parametrize("away", [OPEN, REFUSED])
def test_who_is_left_alone_is_stood_in_for_at_once_and_everybody_is_told(
    away: errors.TriageError,
) -> None:
    """On the answer, and in the rule that people read on the ticket."""
    office, _ = _office(a_reply(), first=away)
    found = _through(office)
    assert office.script.names == [SECOND]
    assert found.answer.stands_in == f"stands in for {CHEAP}: {away}"
    assert office.journal.entries[0].body["stands_in"] == found.answer.stands_in
    decided = asyncio.run(validate(found, office.desk))
    assert "degraded" in str(decided)


def test_where_nobody_is_left_all_are_waited_for() -> None:
    office, _ = _office(first=OPEN, second=REFUSED)
    with pytest.raises(errors.BreakerOpen) as raised:
        _classify(office)
    assert raised.value.dependency == "credential:ANTHROPIC_API_KEY openai"
    assert office.script.asked == []
    assert office.journal.reserved == []


def test_a_provider_that_merely_fails_is_not_left_for_another() -> None:
    """That is what its breaker is for: a second provider would be flooded by every hiccup."""
    office, _ = _office(errors.ProviderDown("503"))
    with pytest.raises(errors.ProviderDown):
        _classify(office)
    assert office.script.names == [CHEAP]


def test_who_has_answered_before_a_crash_is_not_left_for_one_who_is_back() -> None:
    """The answer was paid for."""
    office, _ = _office(a_reply(), first=OPEN)
    answer = _through(office).answer
    again, _ = _office()
    assert _through(again, enriched(None, answer)).answer == answer


def test_the_local_model_needs_no_leave_and_no_money() -> None:
    office, guards = _office(a_reply())
    office.tiers = only("local/baseline")
    office.journal.room = 0
    _through(office)
    assert guards.came == []


def test_a_tier_without_money_waits_for_the_next_day() -> None:
    """Nobody is asked, and the breaker is told nothing."""
    office, guards = _office()
    office.journal.room = 1
    found = _classify(office)
    assert isinstance(found, Wait)
    assert (found.reason, found.spends_attempt) == (WaitReason.MONEY, False)
    assert found.waits_for == "money:economy"
    assert found.until == NOON + DAY / 2
    assert guards.ended == [Ended.CANCELLED]


def test_a_tier_without_money_goes_to_a_cheaper_one_where_policy_says_so() -> None:
    office, _ = _office()
    office.journal.room = 1
    generous = office.desk.limits.model_copy(update={"caps": Caps(cheaper_tier=True)})
    desk = replace(office.desk, limits=generous)
    premium = replace(enriched(), tier="premium")
    assert _classify(office, premium, desk) == Degrade(
        tier="standard", why="the day's money of premium or of the fleet is spent (triage spend)"
    )
    assert isinstance(_classify(office, None, desk), Wait), "there is nothing cheaper"
    asked = [an_answer(model=name) for name in ("openai/gpt-5-mini", "anthropic/claude-haiku-4-5")]
    asked += [an_answer(model=name) for name in (CHEAP, SECOND)]
    received = replace(premium.received, answers=tuple(asked))
    found = _classify(office, replace(premium, received=received), desk)
    assert isinstance(found, Wait), "else it would go round in circles"


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (Used(id=SOMEBODY, calls=8), "8 calls"),
        (Used(id=SOMEBODY, tokens=120_000), "120,000 tokens"),
        (Used(id=SOMEBODY, micro_usd=499_999), "$0.5000"),
    ],
)
def test_a_run_that_has_used_up_what_it_has_goes_to_a_person(used: Used, words: str) -> None:
    """With what there is; nothing more is asked."""
    office, guards = _office()
    office.journal.run = used
    found = _classify(office)
    assert isinstance(found, NeedsHuman)
    assert found.reason is ReviewReason.UNFINISHED
    assert words in found.why
    assert guards.came == []


def test_a_requeue_gives_a_run_its_money_afresh() -> None:
    office, _ = _office(a_reply())
    office.journal.run = Used(id=SOMEBODY, micro_usd=499_999, requeues=1)
    _through(office)


LONG = a_ticket(
    "x" * 20_000, thread=(Turn(author="customer", body="I wrote before"),), subject="Long"
)


def test_what_is_too_long_is_asked_once_more_without_what_came_before() -> None:
    """Its beginning and its end; an answer to that is one to the ticket."""
    office, _ = _office(errors.ContextTooLong("413"), a_reply())
    found = _through(office, enriched(LONG))
    first, second = office.script.asked
    assert len(second.messages[-1].content) < 0.6 * len(first.messages[-1].content)
    assert "I wrote before" not in second.messages[-1].content
    assert "Long" in second.messages[-1].content
    assert found.answer.question == prompt.digest(second)


def test_what_is_too_long_is_trimmed_once() -> None:
    office, _ = _office(errors.ContextTooLong("413"), errors.ContextTooLong("413"))
    with pytest.raises(errors.ContextTooLong):
        _classify(office, enriched(LONG))
    short, _ = _office(errors.ContextTooLong("413"))
    with pytest.raises(errors.ContextTooLong):
        _classify(short)


def test_an_answer_to_the_trimmed_question_is_not_paid_for_twice() -> None:
    office, _ = _office(errors.ContextTooLong("413"), a_reply("no JSON"), a_reply())
    found = _through(office, enriched(LONG))
    corrected = office.script.asked[2]
    assert corrected.messages[:2] == office.script.asked[1].messages
    again, _ = _office(errors.ContextTooLong("413"))
    assert _through(again, enriched(LONG, *found.answers)).answer == found.answer


def test_whoever_is_asked_the_same_again_is_not_asked() -> None:
    """The same input to the same model after it has answered: what it said then counts."""
    office, _ = _office(a_reply("no JSON"), a_reply("no JSON"))
    came = _classify(office)
    heard = [entry for entry in office.journal.entries if entry.kind is Kind.ANSWERED]
    assert len(heard) == 2
    answers = tuple(an_answer("no JSON", question=str(entry.body["question"])) for entry in heard)
    again, _ = _office()
    assert type(_classify(again, enriched(None, *answers))) is type(came)
