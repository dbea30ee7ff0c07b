"""Any quote proves an escalation or says why not; and it proves only what the customer said."""

from hypothesis import assume, given
from hypothesis import strategies as st

from config.taxonomy import Criterion, Taxonomy
from tasks.decision import Escalation
from tasks.escalation import Unproven, prove
from tasks.verdict import Evidence
from tests.properties.any_text import anything, texts
from tests.twins.desk import shipped
from tests.twins.ticket import a_ticket

LENIENT = Taxonomy.model_validate(
    shipped().taxonomy.model_dump()
    | {"criteria": [Criterion(id="any", description="Any words.", patterns=(r"\w",))]}
    | {
        "issue_types": [
            issue.model_dump() | {"criteria": ("any",)} for issue in shipped().taxonomy.issue_types
        ]
    }
)
"""One criterion that any words meet: what is left to fail is the quote."""

words = st.text("abcdefgh\u00e9\u00df", min_size=1, max_size=6)
sentences = st.lists(words, min_size=4, max_size=30)


def _prove(quote: str, body: str, taxonomy: Taxonomy, criterion: str) -> Escalation | Unproven:
    return prove(
        Evidence(criterion=criterion, quote=quote),
        a_ticket(body),
        taxonomy.issue_types[0],
        taxonomy,
        least_words=4,
    )


@given(anything, texts, st.sampled_from(["theft", "money_taken", "arson", ""]))
def test_any_quote_proves_or_does_not(quote: str, body: str, criterion: str) -> None:
    """Nothing is raised, whatever a model sends and a customer wrote."""
    found = _prove(quote, body, shipped().taxonomy, criterion)
    assert isinstance(found, Escalation | Unproven)


@given(sentences, st.data())
def test_any_four_words_in_a_row_are_a_quote(said: list[str], data: st.DataObject) -> None:
    """However they are spaced, and in capitals or not."""
    first = data.draw(st.integers(0, len(said) - 4))
    last = data.draw(st.integers(first + 4, len(said)))
    space = data.draw(st.sampled_from([" ", "\n", "\t ", "\u00a0"]))
    found = _prove(space.join(said[first:last]).upper(), " ".join(said), LENIENT, "any")
    assert isinstance(found, Escalation)


@given(sentences, sentences)
def test_what_was_not_said_in_a_row_is_no_quote(said: list[str], quote: list[str]) -> None:
    """A quote is proven exactly where its words stand in the text one after the other."""
    folded = [word.casefold() for word in said]
    wanted = [word.casefold() for word in quote]
    rows = [folded[place : place + len(wanted)] for place in range(len(folded))]
    found = _prove(" ".join(quote), " ".join(said), LENIENT, "any")
    assert isinstance(found, Escalation) is (wanted in rows)


@given(sentences, st.data())
def test_a_piece_of_a_word_is_no_word(said: list[str], data: st.DataObject) -> None:
    """Cut a letter off either end, and it is not what the customer said."""
    text = "x".join(["", " ".join(f"{word}z" for word in said)])
    cut = data.draw(st.sampled_from([text[1:], text[:-1]]))
    assume(len(cut.split()) >= 4)
    assert isinstance(_prove(cut, text, LENIENT, "any"), Unproven)
