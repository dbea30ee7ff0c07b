"""No text, however made, holds a worker up: a pattern's time grows with the text, no faster."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins.desk import shipped

SIZE = 65_536
PATTERNS = {
    **{
        f"{criterion.id} {kind} {place}": pattern
        for criterion in shipped().taxonomy.criteria
        for kind, patterns in (("is", criterion.patterns), ("unless", criterion.unless))
        for place, pattern in enumerate(patterns)
    },
    **{f"promise {place}": text for place, text in enumerate(shipped().policy.forbidden_promises)},
}
GENEROUS = 3.0
"""Seconds of CPU for 64 KiB and one pattern; a tenth of it is what is usual."""


def _words(pattern: str, most: int = 99) -> list[str]:
    """Words that the pattern is made of: a text of them leads it on the longest."""
    found = sorted(set(re.findall(r"[a-z]+", pattern)))
    return found[:: max(1, len(found) // most)]


def _seconds(pattern: re.Pattern[str], unit: str, size: int) -> float:
    text = (unit * (size // len(unit) + 1))[:size]
    began = time.thread_time()
    pattern.search(text)
    return time.thread_time() - began


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_hostile_text_takes_a_pattern_no_longer_than_others(name: str) -> None:
    """64 KiB of one of its own words, of blanks, of one letter: each is over at once."""
    pattern = re.compile(PATTERNS[name], re.IGNORECASE)
    units = [f"{word} " for word in _words(PATTERNS[name], 8)] + [
        "a",
        " ",
        "a ",
        "n't ",
        "'",
        "i ",
        "\n",
    ]
    slow = {unit: _seconds(pattern, unit, SIZE) for unit in units}
    assert {unit: took for unit, took in slow.items() if took > GENEROUS} == {}


every_word = st.sampled_from(sorted({word for text in PATTERNS.values() for word in _words(text)}))


@pytest.mark.timeout(120)
@settings(max_examples=25)
@given(st.lists(every_word, min_size=1, max_size=5), st.sampled_from(sorted(PATTERNS)))
def test_four_times_the_text_takes_about_four_times_as_long(words: list[str], name: str) -> None:
    """Quadratic growth would take sixteen times as long."""
    pattern = re.compile(PATTERNS[name], re.IGNORECASE)
    unit = " ".join(words) + " "
    quarter = min(_seconds(pattern, unit, SIZE // 4) for _ in range(2))
    assert _seconds(pattern, unit, SIZE) < 10 * quarter + 0.25


def test_a_bad_pattern_would_be_found() -> None:
    """The clock above can tell: the textbook example is hopeless from some thirty letters on."""
    bad = re.compile(r"(a+)+b")
    assert _seconds(bad, "a", 22) > 20 * _seconds(bad, "a", 14)
