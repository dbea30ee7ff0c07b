"""What is hidden, and what is left for a model to reason about."""

import pytest

from tasks.redaction.find import Kind
from tasks.redaction.placeholders import restored, stray
from tasks.redaction.redaction import Redaction
from tests.twins.planted import ORDINARY, PLANTED

AROUND = (
    "{}",
    "Hello,\n{}\nBye",
    "x: {}; y",
    "\u201c{}\u201d \u2026",
    "[EMAIL_1] {} [CARD_7]",
    "caf\u00e9 \U0001f600 {} \u202e",
)


@pytest.mark.parametrize(("kind", "sentence", "value"), PLANTED)
def test_what_is_planted_is_hidden_whole_and_named_for_what_it_is(
    kind: Kind, sentence: str, value: str
) -> None:
    """Nothing but the value goes, wherever it stands."""
    for around in AROUND:
        text = around.format(sentence.format(value))
        redaction = Redaction([text])
        redacted = redaction.redact(text)
        [(name, found)] = redaction.values.items()
        assert name.startswith(f"[{kind}_1")
        assert redacted == text.replace(found, name)
        assert value.removeprefix('"') in found
        assert len(found) <= len(value) + 1
        assert restored(redacted, redaction.values) == text


@pytest.mark.parametrize("text", ORDINARY)
def test_what_triage_needs_is_left(text: str) -> None:
    assert Redaction([text]).redact(text) == text


def test_the_same_value_has_the_same_name_in_every_text_of_a_ticket() -> None:
    """So a model sees that it is the same."""
    redaction = Redaction()
    assert redaction.redact("from a@b.example to c@d.example") == "from [EMAIL_1] to [EMAIL_2]"
    assert redaction.redact("c@d.example again") == "[EMAIL_2] again"
    assert redaction.values == {"[EMAIL_1]": "a@b.example", "[EMAIL_2]": "c@d.example"}


def test_what_overlaps_is_hidden_as_one() -> None:
    """By the name of the more delicate one."""
    redaction = Redaction()
    assert redaction.redact("https://ada:hunter2@10.1.2.3/") == "https://[SECRET_1]@[NETWORK_1]/"
    assert redaction.redact("password: ada@example.com") == "password: [SECRET_2]"


def test_a_number_that_makes_a_card_with_its_neighbour_leaves_none_of_the_neighbour() -> None:
    """4711 4238 2881 8571 passes Luhn by chance; the card begins behind it."""
    assert Redaction().redact("Ref 4711/4238 2881 8571 5338") == "Ref [CARD_1]"


def test_a_text_that_imitates_a_placeholder_stays_what_it_is() -> None:
    """What is ours has another name then, in all texts of the ticket."""
    texts = ["[EMAIL_1] is not [CARD_2_b]", "ada@example.com"]
    redaction = Redaction(texts)
    assert [redaction.redact(text) for text in texts] == [texts[0], "[EMAIL_1_c]"]
    assert restored("[EMAIL_1] [EMAIL_1_c]", redaction.values) == "[EMAIL_1] ada@example.com"


def test_what_a_model_makes_up_stands_for_nothing() -> None:
    assert restored("[EMAIL_2]", {"[EMAIL_1]": "a@b.example"}) == "[EMAIL_2]"
    assert stray("Dear [EMAIL_2], EMAIL_3 or EMAILS") == {"EMAIL_2", "EMAIL_3"}


def test_a_document_keeps_its_shape() -> None:
    document = {"a@b.example": ["a@b.example", 4539148803436467, None, {"x": "tel: 5550199"}]}
    assert Redaction().document(document) == {
        "a@b.example": ["[EMAIL_1]", 4539148803436467, None, {"x": "tel: [PHONE_1]"}]
    }


def test_a_key_without_an_end_is_hidden_for_as_long_as_it_may_go_on() -> None:
    text = "-----BEGIN PRIVATE KEY-----\\nMIIEquokka\\nMIIEbread"
    assert Redaction().redact(text) == "[SECRET_1]"
