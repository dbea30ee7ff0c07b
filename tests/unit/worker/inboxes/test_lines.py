"""Lines of a file that are longer than anybody keeps."""

import hashlib
import io

import pytest

from tasks.causes import Cause
from tasks.intake import Malformed, parse_ticket
from worker.inboxes.lines import Line, next_line


def _all(content: bytes, *, keep: int) -> list[Line]:
    file = io.BytesIO(content)
    lines = []
    while (line := next_line(file, keep=keep)).size:
        lines.append(line)
    return lines


def test_a_line_that_is_as_long_as_is_kept_is_whole() -> None:
    """With an end or without."""
    [first, second] = _all(b"12345\n12345", keep=5)
    assert first == Line(raw=b"12345", size=6, ended=True)
    assert second == Line(raw=b"12345", size=5, ended=False)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_longer_line_is_cut_and_says_so(end: bytes) -> None:
    """Its length and hash are those of the whole line; the next line is whole again."""
    content = b"x" * 3_000_000
    [line, *others] = _all(content + end + b"12\n" * bool(end), keep=5)
    assert line.raw.startswith(b"xxxxx\n[cut here: the line has 3,000,000 bytes")
    assert hashlib.sha256(content).hexdigest().encode() in line.raw
    assert (line.size, line.ended) == (len(content + end), bool(end))
    assert [other.raw for other in others] == [b"12"] * bool(end)


def test_two_long_lines_that_begin_alike_stay_two() -> None:
    """Else the second would be taken for the first, brought again."""
    [first, second] = _all(b"123456\n123457\n", keep=5)
    assert first.raw != second.raw


@pytest.mark.parametrize(
    "line", [b'{"id": "T-1"}' + b" " * 100, b" " * 200, "\u00e9".encode() * 50]
)
def test_a_line_that_was_cut_is_never_taken_for_a_ticket(line: bytes) -> None:
    """Not even one that is a whole ticket, or well-formed, as far as it is kept."""
    for keep in (50, 51):
        [cut] = _all(line, keep=keep)
        found = parse_ticket(cut.raw, body_bytes=1_000)
        assert isinstance(found, Malformed)
        assert found.cause is Cause.NOT_JSON


def test_a_line_that_was_no_text_before_the_cut_is_kept_as_it_is() -> None:
    """Only a character that the cut itself went through is left out."""
    [cut] = _all(b"\xff\xfe\xfd\xfc\xfb\xfa", keep=4)
    assert cut.raw.startswith(b"\xff\xfe\xfd\xfc\n[cut here")
