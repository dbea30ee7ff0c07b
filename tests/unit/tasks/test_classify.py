"""One question to one model; the answer is written down first, and nothing is paid for twice."""

import asyncio
from dataclasses import replace

import pytest

from config.tiers import TIERS
from tasks import prompt
from tasks.case import Answer, Classified, Enriched
from tasks.causes import ReviewReason
from tasks.classify import classify
from tasks.detour import Detour, NeedsHuman, Promote
from tasks.errors import ProviderDown
from tasks.events import Kind
from tests.twins.desk import Office, only, shipped
from tests.twins.facts import an_account, known
from tests.twins.models import SURE, ScriptedModels, a_reply, a_verdict
from tests.twins.ticket import CHEAP, a_ticket, an_answer, enriched

GARBAGE = "The issue type is card."
STANDARD = "openai/gpt-5-mini"


def _classify(office: Office, case: Enriched | None = None) -> Classified | Detour:
    return asyncio.run(classify(case or enriched(), office.desk))


def _through(office: Office, case: Enriched | None = None) -> Classified:
    found = _classify(office, case)
    assert isinstance(found, Classified), found
    return found


def test_the_tiers_first_model_is_asked_once() -> None:
    """One request for one classification."""
    office = Office(models=ScriptedModels.saying(a_verdict(issue_type="cash")))
    found = _through(office)
    assert found.verdict.issue_type == "cash"
    assert office.script.names == [CHEAP]
    assert found.answers == (found.answer,)


def test_what_is_asked_is_the_rendered_prompt_with_the_prompts_name() -> None:
    """The schema's name is the prompt's; the question is the pure one."""
    office = Office(models=ScriptedModels.saying(a_verdict()))
    _through(office)
    (asked,) = office.script.asked
    assert asked.schema_name == "classify"
    assert asked.plain.text == a_ticket().body


def test_an_answer_is_written_down_before_anybody_reads_it() -> None:
    """Garbage was paid for too: a crash while reading it must not pay again."""
    office = Office(models=ScriptedModels.saying(GARBAGE, GARBAGE))
    _classify(office)
    assert [entry.kind for entry in office.journal.entries] == [Kind.ANSWERED] * 2
    assert office.journal.entries[0].texts["answer"] == GARBAGE


def test_the_ledger_is_told_what_a_call_took() -> None:
    """Tokens, cost in millionths of a dollar, seconds, model and prompt."""
    office = Office(models=ScriptedModels.answering([a_reply(signals=SURE)]))
    _through(office)
    (entry,) = office.journal.entries
    told = dict(entry.body)
    assert (told["input_tokens"], told["output_tokens"], told["cached_tokens"]) == (1_000, 100, 0)
    assert told["micro_usd"] == 150
    assert (told["model"], told["model_answered"]) == (CHEAP, "the-model-2026-01-01")
    assert (told["prompt"], told["tier"]) == (shipped().classify.version, "economy")
    assert told["signals"] is not None
    assert told["usage_reported"] is True


def test_an_event_holds_no_word_of_the_ticket_or_of_the_answer() -> None:
    """Personal text is apart: it is in the texts, which are encrypted."""
    body = "My name is Ada Lovelace and my card was stolen"
    reply = a_reply(a_verdict(reason="Ada Lovelace lost it", draft="Dear Ada"), refusal=None)
    office = Office(models=ScriptedModels.answering([reply]))
    _through(office, enriched(a_ticket(body)))
    (entry,) = office.journal.entries
    assert "Ada" not in str(entry.body)
    assert "stolen" not in str(entry.body)
    assert body in entry.texts["question"]


def test_an_answer_of_another_shape_is_asked_for_once_more_with_the_error_shown() -> None:
    """The same model sees what it said and what was wrong with it."""
    office = Office(models=ScriptedModels.saying(GARBAGE, a_verdict()))
    found = _through(office)
    first, second = office.script.asked
    assert second.model == first.model == CHEAP
    assert second.messages[: len(first.messages)] == first.messages
    said, shown = second.messages[len(first.messages) :]
    assert (said.role, said.content) == ("assistant", GARBAGE)
    assert shown.role == "user"
    assert "Invalid JSON" in shown.content
    assert [answer.text for answer in found.answers] == [GARBAGE, a_verdict()]
    assert found.answer.text == a_verdict()


def test_an_answer_that_was_cut_off_is_none_even_where_it_reads_well() -> None:
    """Half an answer can happen to be valid JSON."""
    cut = a_reply(a_verdict(), finish_reason="length")
    office = Office(models=ScriptedModels.answering([cut, a_reply()]))
    _through(office)
    assert "cut off" in office.script.asked[1].messages[-1].content


def test_an_empty_answer_is_asked_for_once_more() -> None:
    """Some providers refuse empty messages, so something stands for it."""
    office = Office(models=ScriptedModels.answering([replace(a_reply(), text=""), a_reply()]))
    _through(office)
    assert office.script.asked[1].messages[-2].content == "(empty)"


def test_two_answers_of_another_shape_are_promoted() -> None:
    """A dearer model is asked next; this stage asks nobody else."""
    office = Office(models=ScriptedModels.saying(GARBAGE, GARBAGE))
    found = _classify(office)
    assert isinstance(found, Promote)
    assert found.tier == "standard"
    assert CHEAP in found.why
    assert len(office.script.asked) == 2


def test_at_the_top_a_person_gets_what_no_model_could_say() -> None:
    """Unfinished, with what there is."""
    office = Office(models=ScriptedModels.saying(GARBAGE, GARBAGE))
    found = _classify(office, enriched(tier="premium"))
    assert isinstance(found, NeedsHuman)
    assert found.reason is ReviewReason.UNFINISHED


def test_with_one_model_for_all_tiers_nobody_else_can_be_asked() -> None:
    """The same question to the same model again is no promotion."""
    office = Office(models=ScriptedModels.saying(GARBAGE, GARBAGE), tiers=only("openai/one"))
    found = _classify(office)
    assert isinstance(found, NeedsHuman)
    assert office.script.names == ["openai/one"] * 2


def test_promotions_for_shape_are_limited() -> None:
    """With none allowed a person is called although there is a dearer tier."""
    policy = shipped().policy
    asking = policy.asking.model_copy(update={"promotions_malformed": 0})
    office = Office(
        models=ScriptedModels.saying(GARBAGE, GARBAGE),
        policy=policy.model_copy(update={"asking": asking}),
    )
    assert isinstance(_classify(office), NeedsHuman)


@pytest.mark.parametrize(
    "reply",
    [
        a_reply("I cannot help with that.", refusal="I cannot help with that."),
        a_reply(a_verdict(), finish_reason="content_filter"),
        a_reply(a_verdict(), finish_reason="refusal"),
        a_reply(a_verdict(), refusal=""),
    ],
    ids=["in words", "by a filter", "by its finish", "without a word"],
)
def test_a_refusal_goes_to_a_person_and_is_not_argued_with(reply: object) -> None:
    """Neither asked again nor promoted, whatever text came with it."""
    office = Office(models=ScriptedModels([reply]))  # type: ignore[list-item]
    found = _classify(office)
    assert isinstance(found, NeedsHuman)
    assert found.reason is ReviewReason.REFUSED
    assert len(office.script.asked) == 1


def test_the_words_of_a_refusal_are_kept_apart() -> None:
    """They may quote the ticket; the event only says that it refused."""
    refusal = "I will not discuss Ada's card."
    office = Office(models=ScriptedModels.answering([a_reply("{}", refusal=refusal)]))
    _classify(office)
    (entry,) = office.journal.entries
    assert entry.texts["refusal"] == refusal
    assert entry.body["refused"] is True
    assert refusal not in str(entry.body)


def test_a_recorded_answer_is_used_and_nothing_is_asked() -> None:
    """A worker that takes over a run pays nothing for what the dead one already got."""
    before = _through(Office(models=ScriptedModels.saying(a_verdict())))
    nobody = Office(models=ScriptedModels.saying())
    after = _through(nobody, enriched(None, *before.answers))
    assert nobody.script.asked == []
    assert nobody.journal.entries == []
    assert (after.verdict, after.answers) == (before.verdict, before.answers)


def test_a_recorded_answer_of_another_shape_is_not_asked_for_twice() -> None:
    """Of two questions one is recorded: only the other one is asked."""
    crashed = Office(models=ScriptedModels.answering([a_reply(GARBAGE), ProviderDown("away")]))
    with pytest.raises(ProviderDown):
        _classify(crashed)
    entry, _ = crashed.journal.entries
    recorded = an_answer(GARBAGE, question=str(entry.body["question"]))
    office = Office(models=ScriptedModels.saying(a_verdict()))
    _through(office, enriched(None, recorded))
    (asked,) = office.script.asked
    assert asked.messages[-2].content == GARBAGE


def test_a_recorded_refusal_is_still_a_refusal() -> None:
    """Asking again in the hope of another answer is what we do not do."""
    office = Office(models=ScriptedModels.answering([a_reply("{}", refusal="no")]))
    _classify(office)
    (entry,) = office.journal.entries
    recorded = replace(an_answer("{}", question=str(entry.body["question"])), refusal="no")
    nobody = Office(models=ScriptedModels.saying())
    assert isinstance(_classify(nobody, enriched(None, recorded)), NeedsHuman)


def test_new_facts_make_another_question() -> None:
    """An answer to another question is no answer to this one."""
    before = _through(Office(models=ScriptedModels.saying(a_verdict())))
    office = Office(models=ScriptedModels.saying(a_verdict(priority=2)))
    facts = known(an_account("business"))
    found = _through(office, enriched(None, *before.answers, facts=facts))
    assert len(office.script.asked) == 1
    assert found.verdict.priority == 2


def test_a_promoted_ticket_is_asked_of_the_dearer_tiers_model() -> None:
    """The answers so far stay in the case."""
    earlier = an_answer(GARBAGE)
    office = Office(models=ScriptedModels.saying(a_verdict()))
    found = _through(office, enriched(None, earlier, tier="standard"))
    assert office.script.names == [STANDARD]
    assert [answer.tier for answer in found.answers] == ["economy", "standard"]


def test_a_model_that_a_cheaper_tier_has_asked_is_passed_over() -> None:
    """A tier that shares a model asks its next one."""
    earlier = an_answer(GARBAGE, model=STANDARD)
    office = Office(models=ScriptedModels.saying(a_verdict()))
    _through(office, enriched(None, earlier, tier="standard"))
    assert office.script.names == ["anthropic/claude-haiku-4-5"]


@pytest.mark.parametrize("tiers_asked", [1, 2, 3])
def test_a_ticket_that_went_through_tiers_is_promoted_at_most_twice(tiers_asked: int) -> None:
    """Economy, standard, premium; then a person."""
    journey = TIERS[:tiers_asked]
    earlier: list[Answer] = []
    for tier in journey[:-1]:
        name = shipped().tiers.tier(tier).models[0]
        earlier.append(an_answer(GARBAGE, model=name, tier=tier))
    office = Office(models=ScriptedModels.saying(GARBAGE, GARBAGE))
    found = _classify(office, enriched(None, *earlier, tier=journey[-1]))
    assert isinstance(found, NeedsHuman if tiers_asked == 3 else Promote)


def test_a_provider_that_is_away_is_not_our_answer() -> None:
    """The error passes through as it is; nobody else is asked."""
    office = Office(models=ScriptedModels.answering([ProviderDown("timed out")]))
    with pytest.raises(ProviderDown, match="timed out"):
        _classify(office)
    assert [entry.kind for entry in office.journal.entries] == [Kind.UNANSWERED]


def test_an_answer_is_known_by_the_digest_of_its_question() -> None:
    """The recorded digest is the one that a later attempt computes."""
    office = Office(models=ScriptedModels.saying(a_verdict()))
    found = _through(office)
    assert found.answer.question == prompt.digest(office.script.asked[0])
    assert office.journal.entries[0].body["question"] == found.answer.question
