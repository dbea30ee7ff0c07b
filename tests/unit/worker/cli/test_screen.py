"""What a ticket holds is shown, and does nothing to the terminal that it is shown on."""

import io
import json

import pytest

from worker.cli.screen import Screen


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", "\\u001b[2J\\u001b]0;owned\\u0007"),
        ("\x9b31m", "\\u009b31m"),
        ("fine\rowned", "fine\\u000downed"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("Grüße, 你好 🎉", "Grüße, 你好 🎉"),
    ],
    ids=["escapes", "one-byte escapes", "return", "direction", "separator", "layout", "letters"],
)
def test_it_shows_what_it_does_not_do(hostile: str, shown: str) -> None:
    below = io.StringIO()
    assert Screen(below).write(hostile) == len(hostile)
    assert below.getvalue() == shown


def test_json_stays_the_same_document() -> None:
    document = {"body": "\x1b[2J \u202e \x9b \n é"}
    below = io.StringIO()
    Screen(below).write(json.dumps(document, ensure_ascii=False))
    assert json.loads(below.getvalue()) == document


def test_what_the_encoding_lacks_is_written_as_escapes() -> None:
    """LC_ALL=C, or a terminal that was set up in 1998."""
    bytes_below = io.BytesIO()
    screen = Screen(io.TextIOWrapper(bytes_below, encoding="latin-1"))
    screen.write("ü 你")
    screen.flush()
    assert bytes_below.getvalue() == b"\xfc \\u4f60"
