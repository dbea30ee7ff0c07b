"""What a person decided is for reports; no stage can read it, so none can be trained on it."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from tasks.intake import parse_ticket
from tasks.ticket import Ticket

WORD = "labels"
FILES = sorted(Path(*tasks.__path__).rglob("*.py"))


def _labelled() -> Ticket:
    line = {
        "id": "T-1",
        "body": "I was charged twice",
        "requester": {"email": "ada@example.com"},
        "created_at": "2026-01-01T11:00:00Z",
        WORD: {"issue_type": "card_payment", "made_up": "by a person"},
    }
    found = parse_ticket(json.dumps(line).encode(), body_bytes=1_000)
    assert isinstance(found, Ticket)
    return found


def test_a_ticket_has_no_place_for_labels() -> None:
    """Neither as a column nor under another name."""
    assert WORD not in Ticket.model_fields
    with pytest.raises(ValueError, match=WORD):
        Ticket.model_validate(_labelled().model_dump() | {WORD: {}})


def test_intake_drops_labels() -> None:
    """Not a word of them is in the ticket that goes on."""
    ticket = _labelled()
    assert not hasattr(ticket, WORD)
    assert "made_up" not in ticket.model_dump_json()
    assert "card_payment" not in ticket.model_dump_json()


def _words(source: str) -> Iterator[str]:
    """Every name, attribute, parameter and text in the code; comments and docstrings are none."""
    tree = ast.parse(source)
    prose = {
        id(statement.value)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if id(node) in prose:
            continue
        for name in ("id", "attr", "arg", "name", "asname", "value", "rest"):
            word = getattr(node, name, None)
            if isinstance(word, str):
                yield word


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_stage_says_the_word(path: Path) -> None:
    """Whatever reads labels has to name them."""
    words = set(_words(path.read_text(encoding="utf-8")))
    assert [word for word in words if WORD in word] == []


@pytest.mark.parametrize(
    "code",
    [
        "ticket.labels",
        "found['labels']",
        "found.get('labels')",
        "labels = 1",
        "def f(labels): ...",
        "f(labels=1)",
        "from x import labels",
        "match x:\n    case {'labels': y}: ...",
        "match x:\n    case {'a': y, **labels}: ...",
        "f'{labels}'",
        "class labels: ...",
    ],
)
def test_the_word_would_be_found(code: str) -> None:
    """The test above can fail."""
    assert WORD in set(_words(code))


def test_a_comment_may_say_the_word() -> None:
    """Only code can read."""
    assert WORD not in set(_words('"""Reads no labels."""\nx = 1  # no labels'))
