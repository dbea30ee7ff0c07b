"""Notes grow by what is new, and no number that was once said is lost, whatever a model says."""

import pytest

from tasks.redaction.redaction import Redaction
from tasks.sections import tokens
from tasks.summary import RULE, Notes, Summary, Talk, covering, hashes, known_of
from tasks.ticket import Turn
from tasks.verdict import Misshapen

NOTHING = Notes(facts=(), asked=(), promised=(), open=())


def _turns(*bodies: str) -> tuple[Turn, ...]:
    return tuple(
        Turn(author="agent" if number % 2 else "customer", body=body)
        for number, body in enumerate(bodies)
    )


def test_turns_are_known_again_also_where_the_middle_is_gone() -> None:
    """Intake keeps the opening, and of the thread what it has room for."""
    covered = ("opening", "a", "b", "c")
    assert known_of(covered, ("opening", "a", "b", "c", "d")) == 4
    assert known_of(covered, ("opening", "c", "d", "e")) == 2
    assert known_of(covered, ("another", "a")) == 0
    assert covering(covered, ("opening", "c", "d")) == ("opening", "a", "b", "c", "d")


def test_a_turn_is_another_one_by_what_was_said_and_by_whom() -> None:
    said = (Turn(author="customer", body="x"), Turn(author="agent", body="x"))
    assert len({*hashes(said)}) == 2


def test_half_a_character_is_told_to_nobody() -> None:
    """JSON can hold it, and no request can."""
    said = Talk.of(None, _turns("at \ud83d home"))
    assert said.said[0].encode() == "at \ufffd home".encode()


def test_short_turns_are_kept_as_they_were_said() -> None:
    said = Talk.of(None, _turns("Hello", "Good day")).whole(500)
    assert said
    assert said.facts == ("customer: Hello", "agent: Good day")


def test_a_number_that_the_model_leaves_out_is_in_the_notes() -> None:
    talk = Talk.of(None, _turns("My order number is QX-7781 since 2026-11-17. " + "Well. " * 300))
    grown = talk.with_notes(NOTHING, by="m", anew=False)
    assert "QX-7781" in grown.named
    assert "QX-7781" in str(grown.document())


def test_what_is_written_anew_loses_no_number_that_stood_there_before() -> None:
    before = Summary(facts=("customer: order QX-7781", "customer: likes tea"), named=("AB-1234",))
    talk = Talk.of(before, _turns("And?"))
    grown = talk.with_notes(Notes(**{**NOTHING.model_dump(), "facts": ("tea",)}), by="m", anew=True)
    assert grown.facts == ("tea",)
    assert {*grown.named} == {"QX-7781", "AB-1234"}


def test_notes_that_grow_keep_what_stood_there_word_by_word() -> None:
    before = Summary(facts=("a",), promised=("b",), open=("old",))
    notes = Notes(facts=("c", "a"), asked=(), promised=(), open=("new",))
    grown = Talk.of(before, _turns("x")).with_notes(notes, by="m", anew=False)
    assert (grown.facts, grown.promised, grown.open) == (("a", "c"), ("b",), ("new",))


def test_a_value_has_one_name_in_the_notes_and_in_the_turns() -> None:
    """Also where the next question numbers it otherwise, and where nothing would find it there."""
    talk = Talk.of(None, _turns("I am ada@example.org. My password is hunter2!x9."))
    notes = Notes(facts=("They are [EMAIL_1] and say [SECRET_1]",), asked=(), promised=(), open=())
    kept = talk.with_notes(notes, by="m", anew=False)
    redaction = Redaction()
    first = redaction.redact("bob@example.org")
    again = kept.under(redaction)
    assert first == "[EMAIL_1]"
    assert again.facts[0].startswith("They are [EMAIL_2] and say [SECRET_1]")
    assert "hunter2" not in str(again.document())
    assert again.values["[EMAIL_2]"] == "ada@example.org"
    assert redaction.redact("ada@example.org") == "[EMAIL_2]"


def test_what_a_customer_wrote_like_a_name_stays_theirs() -> None:
    kept = Summary(facts=("they wrote [CARD_1]",))
    redaction = Redaction(kept.texts())
    assert kept.under(redaction).facts == ("they wrote [CARD_1]",)
    assert redaction.redact("4539 1488 0343 6467") == "[CARD_1_b]"


@pytest.mark.parametrize("most", [100, 500])
def test_without_a_model_a_sentence_of_each_of_the_customers_turns_is_kept(most: int) -> None:
    turns = _turns(*(f"I need help number {n} of many. {'More. ' * 99}" for n in range(20)))
    short = Talk.of(None, turns).in_short(most)
    assert tokens(short.document()) <= most
    assert short.made_by == RULE
    assert most < 500 or sum("I need" in fact for fact in short.facts) == 10


def test_notes_of_any_size_are_told_within_their_budget() -> None:
    long = tuple(f"{n} " + "x" * 300 for n in range(60))
    named = tuple(f"N-{n:04}" for n in range(24))
    every = Summary(facts=long, asked=long, promised=long, open=long, named=named)
    fitted = every.fitted(100)
    assert tokens(fitted.document()) <= 100


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "{}", '{"facts": [1], "asked": [], "promised": [], "open": []}', "\ud800"],
)
def test_what_has_another_shape_is_no_set_of_notes(text: str) -> None:
    assert isinstance(Notes.parse(text), Misshapen)
