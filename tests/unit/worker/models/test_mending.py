"""An answer is not thrown away for what is odd beside it."""

from typing import Any

import pytest

from worker.models.mending import mend

SOUND: dict[str, Any] = {
    "choices": [{"message": {"content": "{}", "refusal": None}}],
    "usage": {
        "prompt_tokens": 900,
        "completion_tokens": 40,
        "total_tokens": 940,
        "prompt_tokens_details": {"cached_tokens": 800},
        "cost": 0.0012,  # some tell what it cost, or how long it took
    },
}


def test_what_is_sound_is_left_alone() -> None:
    document = SOUND | {"usage": dict(SOUND["usage"])}
    assert not mend(document)
    assert document == SOUND


@pytest.mark.parametrize(
    "usage",
    [
        "many",
        [1, 2],
        {"prompt_tokens": "900"},
        {"prompt_tokens": 900.5},
        {"prompt_tokens": -1},
        {"prompt_tokens": 9 * 10**18},
        {"prompt_tokens": 10**30},
        {"completion_tokens": True},
        {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": "all"}},
        {"prompt_tokens": 1, "prompt_tokens_details": "none"},
    ],
    ids=str,
)
def test_counts_that_cannot_be_are_as_if_none_had_been_sent(usage: object) -> None:
    document = SOUND | {"usage": usage}
    assert mend(document)
    assert "usage" not in document


def test_an_answer_in_parts_is_one_text() -> None:
    parts = [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}, "?", {"text": 1}]
    document: dict[str, Any] = {"choices": [{"message": {"content": parts}}]}
    assert mend(document)
    assert document["choices"][0]["message"]["content"] == "{}"


@pytest.mark.parametrize(
    ("said", "kept"), [({"why": "no"}, '{"why": "no"}'), (True, "true"), ({}, None)]
)
def test_a_refusal_is_words(said: object, kept: str | None) -> None:
    message: dict[str, object] = {"content": None, "refusal": said}
    assert mend({"choices": [{"message": message}]})
    assert message["refusal"] == kept


@pytest.mark.parametrize("choices", [None, "?", [], ["?"], [{"message": "?"}], [{}]], ids=str)
def test_what_is_no_completion_is_left_to_others(choices: object) -> None:
    assert not mend({"choices": choices})


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"type": "message", "content": [{"type": "text", "text": "{}"}]}, "usage"),
        ({"content": [], "usage": "many"}, "usage"),
        ({"candidates": [{"content": {}}]}, "usageMetadata"),
        ({"candidates": [], "usageMetadata": None}, "usageMetadata"),
    ],
    ids=["Anthropic", "Anthropic, odd", "Gemini", "Gemini, null"],
)
def test_an_answer_that_does_not_say_what_it_took_is_one(
    document: dict[str, Any], place: str
) -> None:
    """Litellm would throw it away, and it would be paid twice."""
    assert mend(document)
    assert set(document[place].values()) == {0}
    assert not mend(document)
