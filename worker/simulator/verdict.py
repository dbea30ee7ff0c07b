"""What a well-behaved model answers: a verdict that the schema allows and our policy takes.

It reads what the prompt says: the issue types with their descriptions, and the priority that is
expected for each. It chooses by words in common, which is right more often than chance and costs
some microseconds; where nothing is in common it says `other`, or by the text's hash.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from worker.simulator.dialect import Asked

ISSUE = re.compile(r"^- (\w+): (.*) Criteria: .*\.$", re.MULTILINE)
PRIORITY = re.compile(r"^- (\w+): (\d) \(from (\d) to (\d)\)$", re.MULTILINE)
"""Lines as tasks/prompt.py writes them."""

WORD = re.compile(r"[^\W\d_]{3,}")
STEM = 5
"""Letters of a word that count: cards are a card."""

MIDDLE = 3
OTHER = "other"
DRAFT = "Thank you for writing. A colleague will look into it."
DRAFTS = 4
"""One answer in so many has a draft."""

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of each issue type, with their weight: a word of few types says more."""

    weights: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, lines: tuple[tuple[str, str], ...]) -> "Words":
        """Of names with their descriptions."""
        own = {name: _stems(f"{name.replace('_', ' ')} {text}") for name, text in lines}
        types = Counter(word for words in own.values() for word in words)
        weigh = {word: math.log(1 + len(own) / times) for word, times in types.items()}
        return cls({name: {word: weigh[word] for word in words} for name, words in own.items()})

    def best(self, text: str) -> str | None:
        """The issue type with the heaviest words in common; None where there are none."""
        said = _stems(text)
        sums = {
            name: sum(own[word] for word in said & own.keys()) for name, own in self.weights.items()
        }
        name = max(sums, key=sums.__getitem__, default=None)
        return name if name is not None and sums[name] > 0 else None


def verdict(asked: Asked, known: Mapping[str, Verdict]) -> Verdict:
    """The answer to that question; `known` has what is decided for some texts, by `plain`."""
    subject, message = ticket_text(asked.question)
    told = known.get(plain(message), {})
    properties = (asked.schema or {}).get("properties", {})
    names = properties.get("issue_type", {}).get("enum") or []
    number = int.from_bytes(hashlib.blake2b(message.encode(), digest_size=4).digest())
    issue = told.get("issue_type") or _issue(asked.rules, names, f"{subject}\n{message}", number)
    ours: Verdict = {
        "issue_type": issue,
        "priority": priority(asked.rules, issue)[0],
        "escalate": False,
        "evidence": [],
        "reason": f"The words are those of {issue}.",
        "draft": DRAFT if number % DRAFTS == 0 else None,
    } | told
    return {
        name: ours[name] if name in ours else _anything(shape) for name, shape in properties.items()
    }


def ticket_text(question: str) -> tuple[str, str]:
    """Subject and message of the ticket within the fence; else all of it is the message."""
    start, end = question.find("{"), question.rfind("}")
    try:
        ticket = json.loads(question[start : end + 1])["ticket"]
        return str(ticket["subject"]), str(ticket["message"])
    except (ValueError, TypeError, LookupError):
        return "", question


def plain(text: str) -> str:
    """A text as answers are looked up by: its words, however they are set."""
    return " ".join(text.split()).casefold()


def priority(rules: str, issue: str) -> tuple[int, int, int]:
    """What is expected of that issue type, the most and the least urgent that may be said."""
    for name, *numbers in PRIORITY.findall(rules):
        if name == issue:
            expected, most, least = map(int, numbers)
            return expected, most, least
    return MIDDLE, 1, 4


def _issue(rules: str, names: Sequence[str], text: str, number: int) -> str:
    """One of the names that the schema allows."""
    described = tuple((name, said) for name, said in ISSUE.findall(rules) if name in names)
    if found := _words(described).best(text):
        return found
    if OTHER in names or not names:
        return OTHER
    return names[number % len(names)]


@lru_cache(maxsize=64)
def _words(described: tuple[tuple[str, str], ...]) -> Words:
    return Words.read(described)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in WORD.findall(text.casefold()))


def _anything(shape: Mapping[str, Any]) -> object:
    """Some value of that shape."""
    if "enum" in shape:
        return shape["enum"][0]
    kind = shape.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    empty = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    return None if "null" in kinds else empty.get(str(kinds[0]))
