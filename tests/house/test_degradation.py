"""docs/degradation.md names, for each line, a test that is there."""

import re

import pytest

from tests.house.checkout import ROOT

PAGE = ROOT / "docs" / "degradation.md"
LINE = re.compile(r"^\|(?!---| what ).*\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _lines() -> list[str]:
    return LINE.findall(PAGE.read_text())


@pytest.mark.parametrize("line", _lines(), ids=lambda line: line[2:50])
def test_each_line_is_shown_by_a_test_that_is_there(line: str) -> None:
    """A promise that nothing shows is a hope."""
    named = NAMED.findall(line)
    assert named, "it names no test"
    for path, name in named:
        text = (ROOT / path).read_text()
        assert not name or re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), name
