"""Redaction is once and for all, and can be undone; nothing of a planted value is left."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.redaction.placeholders import LOOKS_LIKE_ONE, restored
from tasks.redaction.redaction import Redaction
from tests.properties.any_text import ODD
from tests.twins.planted import ORDINARY, PLANTED

PIECES = (
    *("[EMAIL_1]", "[CARD_1]", "[SECRET_1_b]", "[EMAIL_", "EMAIL_1]", "[", "]", "_1]", "@", "."),
    *("::", "+", "00", "0", "4539", " 1488 ", "-0343-", "6467", "DE", "password: ", "is ", "PIN "),
    *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "eyJ", "sk-", "://", "a:b", "="),
    *("\ud800", "\udfff", "\u200d", "\u0301", "\uff11", "\u0661", " at ", " dot ", "(at)", "1.2.3"),
)
pieces = st.one_of(
    st.sampled_from([*PIECES, *ODD, *ORDINARY]),
    st.sampled_from([value for _, _, value in PLANTED]),
    st.sampled_from([sentence.format(value) for _, sentence, value in PLANTED]),
    st.text(max_size=8),
    st.from_regex(r"[0-9.:@+ \-]{1,12}", fullmatch=True),
)
worst = st.lists(pieces, max_size=12).map("".join)
"""Whatever a text may be made of, half of a surrogate pair too, glued together anyhow."""


@given(worst)
def test_what_was_redacted_is_given_back_to_the_letter(text: str) -> None:
    redaction = Redaction([text])
    assert restored(redaction.redact(text), redaction.values) == text


@given(worst)
def test_redacted_twice_is_redacted_once(text: str) -> None:
    """By the same redaction and by a new one."""
    redaction = Redaction([text])
    once = redaction.redact(text)
    assert redaction.redact(once) == once
    another = Redaction([once])
    assert another.redact(once) == once
    assert another.values == {}


@given(st.lists(worst, min_size=1, max_size=4))
def test_the_texts_of_a_ticket_are_given_back_each(texts: list[str]) -> None:
    """No text of it can have what stands for a value of another."""
    redaction = Redaction(texts)
    redacted = [redaction.redact(text) for text in texts]
    assert [restored(text, redaction.values) for text in redacted] == texts
    known = {found[0] for text in texts for found in LOOKS_LIKE_ONE.finditer(text)}
    assert known.isdisjoint(redaction.values)


@given(
    st.lists(st.sampled_from(PLANTED), min_size=1, max_size=6),
    st.sampled_from(["\n", ";\n", " \n\n", "\r\n| "]),
)
def test_nothing_of_what_is_planted_is_left(
    planted: list[tuple[object, str, str]], between: str
) -> None:
    text = between.join(sentence.format(value) for _, sentence, value in planted)
    redacted = Redaction([text]).redact(text)
    for _, _, value in planted:
        assert value not in redacted


HOSTILE = (
    *("@", "a@", "a@b.", "@a.b", "a.", "x" * 63 + ".", '"', '"@', "at ", " (at) ", "a at b dot "),
    *(
        "4",
        "a%40",
        "%@",
        "a @ ",
        "a@b dot ",
        "4 ",
        "4-",
        "4539 ",
        "4539148803436467",
        "1.",
        "1.1.1.1",
        "1.1.1.1 ",
        "0 ",
        "01 23 ",
    ),
    *("DE75", "DE75 ", "DE7551210800124512619", "IBAN", "+1 ", "+", "00", "+49 170 1234567", "(0"),
    *(
        ":",
        "::",
        "a:",
        "1::",
        "00:",
        "00:1B:44:11:3A:",
        "tel ",
        "tel: my ",
        "call me on ",
        "whatsapp",
    ),
    *(
        "password",
        "password ",
        "password: ",
        "password is ",
        'password "',
        "api_",
        "secret_",
        "pin ",
    ),
    *("code ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "eyJ", "eyJhbGciOi.", "sk-", "aB3"),
    *("a1B2c3D4e5", "://", "a://b:", "a://b:c@", "?key=", "&", "authorization: ", "bearer ", "="),
    *(
        "?a=",
        "?a=1&",
        "?sig",
        "(at",
        "[ at ",
        '"a',
        'a"@',
        "<",
        "a.b@",
        "tel 1",
        "01",
        "password (",
        "is ",
    ),
    *("[", "[EMAIL_1]", "[EMAIL_1", "\u200b", "4\u200b", "\uff14", "\u0301", "a", " ", "\n", "_"),
    *("a@b.example ", "a@b.example4", "\ud800"),
)
SIZE = 200_000
SECONDS = 5.0
"""Of CPU; the slowest takes a fourth of it."""
TRIES = 3
"""A collection of the whole process's garbage falls into one of them, and only adds."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_is_redacted_in_linear_time(unit: str) -> None:
    """200 kB of anything; twice the text takes no more than about twice as long."""
    assert any(_is_linear(unit) for _ in range(TRIES))


def _is_linear(unit: str) -> bool:
    took = _seconds(unit, SIZE)
    return took < SECONDS and took < 3.2 * _seconds(unit, SIZE // 2) + 0.5


def _seconds(unit: str, size: int) -> float:
    text = (unit * (size // len(unit) + 1))[:size]
    began = time.thread_time()
    redaction = Redaction([text])
    redacted = redaction.redact(text)
    took = time.thread_time() - began
    assert restored(redacted, redaction.values) == text
    return took


def test_a_slow_pattern_would_be_found() -> None:
    """The clock can tell."""
    text, began = "a" * 2_000, time.thread_time()
    re.search(r"a*a*a*b", text[:120])
    short = time.thread_time() - began
    began = time.thread_time()
    re.search(r"a*a*a*b", text[:240])
    assert time.thread_time() - began > 5 * short
