"""Any conversation is rendered within its budgets, and what stands for personal data comes back."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.policy import Context as Budget
from tasks import prompt
from tasks.context import Context, Earlier
from tasks.facts import Account, Facts, Interaction
from tasks.language import detected
from tasks.redaction.placeholders import LOOKS_LIKE_ONE, restored
from tasks.sections import HALF, cut, cut_turns, tokens
from tasks.summary import Summary, Talk
from tasks.ticket import Ticket, Turn
from tests.properties.any_text import anything, texts
from tests.properties.test_redaction import worst
from tests.twins.desk import shipped
from tests.twins.ticket import CHEAP, a_ticket

long = st.builds(lambda text, times: text * times, worst | texts, st.integers(1, 60))
turns = st.builds(
    lambda author, body: Turn(author=author, body=body),
    st.sampled_from(["customer", "agent"]),
    long,
)
threads = st.lists(turns, max_size=16)
budgets = st.builds(
    Budget,
    subject=st.integers(50, 200),
    message=st.integers(200, 900),
    recent=st.integers(200, 900),
    summary=st.integers(100, 400),
    facts=st.integers(800, 1_500),
    before=st.integers(50, 600),
    closed=st.integers(50, 300),
    turns=st.integers(1, 8),
)


BEFORE = Earlier(when=date(2025, 12, 1), issue_type="cash", outcome="priority 3, sent to payments")


def _ticket(body: str, subject: str, thread: list[Turn]) -> Ticket:
    return a_ticket(body, subject=subject, thread=tuple(thread))


@pytest.mark.timeout(180)
@settings(max_examples=150)
@given(long, long, threads, budgets, long)
def test_any_conversation_is_told_within_its_budgets(
    body: str, subject: str, thread: list[Turn], budget: Budget, plan: str
) -> None:
    """Nothing is raised, each section is as long as it may be, and JSON reads it back."""
    ticket = _ticket(body, subject, thread)
    sound = HALF.sub("?", plan)
    contact = Interaction(id="1", at=ticket.created_at, channel="c", summary=sound, outcome=sound)
    account = Account(customer_id=sound, plan=sound, tier="plus")
    facts = Facts(fetched_at=0.0, account=account, interactions=(contact,) * 3)
    summary = Talk.of(None, thread).in_short(budget.summary)
    over = [Talk.of(None, thread[n:]).in_short(budget.closed) for n in range(3)]
    before = tuple(BEFORE.model_copy(update={"notes": notes}) for notes in over)
    for is_trimmed in (False, True):
        asked = prompt.question(
            prompt.About(ticket, facts, shipped().taxonomy),
            prompt=shipped().classify,
            model=shipped().tiers.model(CHEAP),
            context=Context(language="en", summary=summary, before=before),
            budget=budget,
            is_trimmed=is_trimmed,
        )
        written = asked.messages[1].content
        assert written.encode()
        told = json.loads(written.partition("\n")[2].rpartition("\n")[0])
        shown = told["ticket"]
        assert tokens(shown["message"]) <= budget.message
        assert tokens(shown["subject"]) <= budget.subject
        recent = [*shown["earlier_turns"], *shown.get("later_turns", [])]
        assert tokens(recent) <= budget.recent
        assert len(shown["earlier_turns"]) <= budget.turns
        assert tokens(told["customer"]) <= budget.facts
        assert tokens(shown.get("summary", {})) <= budget.summary
        assert tokens(told["earlier_tickets"]) <= budget.before
        assert asked.sections["message"].tokens == tokens(shown["message"])


@given(threads, threads)
def test_what_stands_in_notes_comes_back_as_it_was(said: list[Turn], more: list[Turn]) -> None:
    """Under the names of whichever question they are shown in, and in no text of the notes."""
    first = Talk.of(None, said)
    whole = first.whole(10**9)
    assert whole
    then = Talk.of(whole, more).before
    assert then
    for before, after in zip(whole.facts, then.facts, strict=True):
        assert restored(after, then.values) == restored(before, whole.values)
    kept = Summary.model_validate_json(whole.model_dump_json())
    assert kept == whole


@given(worst, st.integers(0, 400))
def test_a_text_is_cut_to_size_with_no_placeholder_in_two(text: str, most: int) -> None:
    shown, left_out = cut(text, most)
    assert tokens(shown) * 3 <= most + 2 + 2 or len(shown) == 0 or left_out == 0
    assert left_out <= len(text)
    whole = {found[0] for found in LOOKS_LIKE_ONE.finditer(text)}
    assert {found[0] for found in LOOKS_LIKE_ONE.finditer(shown)} <= whole


@given(st.lists(st.fixed_dictionaries({"author": st.just("agent"), "body": long}), max_size=9))
def test_turns_of_any_length_fit(turns: list[dict[str, str]]) -> None:
    shown, _ = cut_turns(turns, 120)
    assert tokens(shown) <= 120


@given(anything | worst | long)
def test_the_language_of_any_text_is_told_or_not(text: str) -> None:
    found = detected(text)
    assert found is None or len(found) == 2
