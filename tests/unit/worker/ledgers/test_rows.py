"""How values lie in columns: as they are, but for what not every database takes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ledgers.rows import MUTABLE, RUN_COLUMNS, UNSOUND, encoded, sound

any_text = st.text(alphabet=st.characters(categories=None))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda held: st.lists(held) | st.dictionaries(any_text, held),
    max_leaves=8,
)


@given(any_text)
def test_any_text_becomes_one_that_every_database_takes(text: str) -> None:
    found = sound(text)
    assert UNSOUND.search(found) is None
    assert found.encode().decode() == found
    assert len(found) == len(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_sound_text_stays_as_it_is(text: str) -> None:
    assert sound(text) == text


@settings(max_examples=50)
@given(any_json)
def test_whatever_is_encoded_comes_back_sound(value: object) -> None:
    text = encoded(value)
    assert text.isascii()
    assert "\0" not in text
    assert json.loads(text) == sound(value)
    assert encoded(json.loads(text)) == text


@pytest.mark.parametrize("text", ["\\u0000", "\\\\ud800", "\N{PARTY POPPER}", '"', "\\"])
def test_what_only_looks_like_an_escape_is_left_alone(text: str) -> None:
    assert json.loads(encoded([text, {text: text}])) == [text, {text: text}]


def test_what_a_run_is_born_with_never_changes() -> None:
    born = set(RUN_COLUMNS) - set(MUTABLE)
    assert born == {
        "mode",
        "id",
        "ticket",
        "source",
        "external_id",
        "requester",
        "digest",
        "revision",
        "ingested_at",
    }
