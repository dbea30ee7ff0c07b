"""What a well-behaved model notes of a conversation: of each of the customer's turns a sentence."""

import json
import re
from collections.abc import Mapping
from typing import Any

SENTENCE = re.compile(r"[^.!?]+[.!?]?")
LONGEST = 90
"""Characters of a note."""

Notes = dict[str, list[str]]


def notes(question: str) -> Notes:
    """Of the turns within the fence, behind those that are given."""
    start, end = question.find("{"), question.rfind("}")
    try:
        told = json.loads(question[start : end + 1])
        before, turns = told.get("notes", {}), told["turns"]
        said = [_note(turn) for turn in turns if turn["author"] == "customer"]
        asked = [text for text in said if text.endswith("?")]
    except (ValueError, TypeError, LookupError, AttributeError):
        before, said, asked = {}, [], []
    return {
        "facts": [*_given(before, "facts"), *(text for text in said if text not in asked)],
        "asked": [*_given(before, "asked"), *asked],
        "promised": _given(before, "promised"),
        "open": asked[-1:],
    }


def _note(turn: Mapping[str, Any]) -> str:
    found = SENTENCE.search(str(turn["body"]))
    return f"customer: {found[0].strip()[:LONGEST]}" if found else "customer: (nothing)"


def _given(before: Mapping[str, Any], name: str) -> list[str]:
    """What was noted before, half as long: whoever gives it wants it shorter."""
    return [str(text)[: max(20, len(str(text)) // 2)] for text in before.get(name, [])]
