"""An escalation needs proof: a criterion of that issue type, in the customer's own words."""

import time

import pytest

from tasks.decision import Escalation
from tasks.escalation import LONGEST_QUOTE, Unproven, prove
from tasks.ticket import Ticket, Turn
from tasks.verdict import Evidence
from tests.twins.desk import shipped
from tests.twins.ticket import a_ticket

STOLEN = "Hello. My card was stolen last night, on the night bus! What now?"


def _prove(
    quote: str, body: str | Ticket = STOLEN, *, criterion: str = "theft", issue: str = "security"
) -> Escalation | Unproven:
    taxonomy = shipped().taxonomy
    found = taxonomy.issue_type(issue)
    assert found is not None
    return prove(
        Evidence(criterion=criterion, quote=quote),
        body if isinstance(body, Ticket) else a_ticket(body),
        found,
        taxonomy,
        least_words=shipped().policy.quote_words,
    )


def test_the_customers_own_words_prove_a_criterion() -> None:
    """The escalation says which criterion, and keeps the quote as it was given."""
    assert _prove("My card was stolen last night") == Escalation(
        criterion="theft", quote="My card was stolen last night"
    )


SAME_WORDS: dict[str, tuple[str, str]] = {
    "other spacing": ("my  card\nwas\tstolen", "My card was   stolen, help"),
    "a line break in the ticket": ("my card was stolen", "my card\r\nwas stolen"),
    "a hard space": ("my card was stolen", "my\u00a0card was stolen"),
    "other capitals": ("MY CARD WAS STOLEN", "my card was stolen"),
    "typographic quotation marks": (
        "\u201chands up\u201d my card was stolen",
        '"hands up" my card was stolen',
    ),
    "a typographic apostrophe": (
        "it's true my card was stolen",
        "it\u2019s true my card was stolen",
    ),
    "a long dash": ("yes - my card was stolen", "yes \u2014 my card was stolen"),
    "ligatures and wide letters": (
        "my of\ufb01ce card was stolen",
        "my office card was \uff53tolen",
    ),
    "a soft hyphen": ("my card was stolen", "my card was sto\u00adlen"),
    "a final stop": ("my card was stolen.", "my card was stolen. please help"),
    "brackets and stars": (
        "*help* (now)? my card was stolen [bus]",
        "*help* (now)? my card was stolen [bus]",
    ),
}


@pytest.mark.parametrize("what", SAME_WORDS)
def test_a_quote_is_the_same_in_another_spelling(what: str) -> None:
    """Models tidy up; the words are what counts."""
    quote, body = SAME_WORDS[what]
    assert isinstance(_prove(quote, body), Escalation)


UNPROVEN: dict[str, tuple[str, str, str]] = {
    "an invented quote": ("my wallet was stolen yesterday", STOLEN, "not in the customer's own"),
    "one word": ("stolen", STOLEN, "fewer than 4 words"),
    "three words": ("card was stolen", STOLEN, "fewer than 4 words"),
    "one word spread by what cannot be seen": (
        "s\u200bt\u200bo\u200blen",
        "it was stolen",
        "fewer than 4 words",
    ),
    "punctuation for words": ("stolen ! ? . -", "it was stolen ! ? . -", "fewer than 4 words"),
    "no words at all": ("", STOLEN, "fewer than 4 words"),
    "words with others between": ("my card was last night", STOLEN, "not in the customer's own"),
    "words in another order": ("stolen was my card last", STOLEN, "not in the customer's own"),
    "a word cut off in front": ("y card was stolen last", STOLEN, "not in the customer's own"),
    "a word cut off at the end": ("my card was stolen la", STOLEN, "not in the customer's own"),
    "a pattern instead of words": ("my .* was stolen last", STOLEN, "not in the customer's own"),
    "an alternative": ("my card was stolen|x", STOLEN, "not in the customer's own"),
    "a question what to do if": (
        "my card was stolen abroad",
        "What do I do if my card was stolen abroad?",
        "does not show theft",
    ),
    "what a card is worth": (
        "a card costs five pounds",
        "I know that a card costs five pounds",
        "does not show theft",
    ),
    "a quote that is nearly all of a long text": (
        "my card was stolen " * 60,
        "my card was stolen " * 80,
        f"more than {LONGEST_QUOTE:_d}".replace("_", ""),
    ),
}


@pytest.mark.parametrize("what", UNPROVEN)
def test_a_quote_that_proves_nothing_says_why(what: str) -> None:
    """Every line of the table; the reason holds no word of the ticket."""
    quote, body, why = UNPROVEN[what]
    found = _prove(quote, body)
    assert isinstance(found, Unproven)
    assert why in found
    assert "card" not in found


def test_words_that_an_agent_wrote_prove_nothing() -> None:
    """Whoever can make an agent write something could else call a person at will."""
    said = "My card was stolen last night"
    for author, proven in (("agent", False), ("customer", True)):
        turn = Turn.model_validate({"author": author, "body": said})
        found = _prove(said, a_ticket("Hello?", thread=(turn,)))
        assert isinstance(found, Escalation) is proven


def test_a_quote_does_not_reach_from_one_turn_into_the_next() -> None:
    """Two halves of two sayings are no saying."""
    turn = Turn(author="customer", body="Hello, my card")
    found = _prove("my card was stolen", a_ticket("was stolen is all I read", thread=(turn,)))
    assert isinstance(found, Unproven)


@pytest.mark.parametrize("issue", ["exchange", "card", "other"])
def test_a_criterion_counts_only_for_the_issue_types_that_name_it(issue: str) -> None:
    """A stolen card is nothing that the desk for exchange rates is called out of bed for."""
    found = _prove("My card was stolen last night", issue=issue)
    assert found == f"theft is no criterion of {issue}"


def test_a_criterion_that_does_not_exist_proves_nothing() -> None:
    """What a model makes up has no test that could hold."""
    found = _prove("My card was stolen last night", criterion="arson")
    assert found == "it names a criterion that does not exist"


def test_a_true_quote_does_not_prove_another_criterion() -> None:
    """The criterion's own test must hold for the quote."""
    found = _prove("My card was stolen last night", criterion="legal_threat")
    assert found == "the quote does not show legal_threat"


def test_what_is_asked_in_another_sentence_does_not_take_the_proof_away() -> None:
    """Only the sentence around the quote can turn it into a question."""
    body = "What do I do if it happens again? My card was stolen. What if they use it?"
    assert isinstance(_prove("My card was stolen", body), Escalation)
    assert isinstance(_prove("My card was stolen.", body), Escalation)


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not() -> None:
    """Not everybody ends a paragraph with a full stop; mail programs break lines anywhere."""
    quote = "my card was stolen yesterday"
    asked = "what happens when I find it?"
    assert isinstance(_prove(quote, f"Hello\n\n{quote}\r\n \r\n{asked}"), Escalation)
    assert isinstance(_prove(quote, f"what if\n{quote}\n{asked}"), Unproven)
    assert isinstance(_prove(f"{quote} {asked}", f"{quote}\n\n{asked}"), Unproven)


def test_of_two_places_one_that_proves_is_enough() -> None:
    """Who asks in general first, and then says it, has said it."""
    body = "What if my card was stolen on a bus? Well, my card was stolen on a bus."
    assert isinstance(_prove("my card was stolen on", body), Escalation)


HUGE: dict[str, tuple[str, str]] = {
    "the same letter": ("a " * 400, "a " * 32_000),
    "the same word, cut": ("a xa xa xa xa x", "xa " * 21_000),
    "the same question": ("my card was stolen", "if my card was stolen now " * 2_500),
    "one long word": ("my card was stolen", "x" * 64_000),
    "a quote as long as the text": ("card was stolen by " * 3_400, "card was stolen by " * 3_400),
    "marks without words": ("my card was stolen", "?! " * 21_000),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", HUGE)
def test_a_huge_text_is_judged_at_once(what: str) -> None:
    """It holds the loop that 64 other tickets run on: 64 KiB in half a second of CPU at most."""
    quote, body = HUGE[what]
    began = time.thread_time()
    _prove(quote, body)
    assert time.thread_time() - began < 0.5
