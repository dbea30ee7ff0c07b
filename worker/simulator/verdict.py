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
from worker.simulator.notes import notes

ISSUE = re.compile(r"- (\w+): (.*) Criteria: .*\.")
PRIORITY = re.compile(r"- (\w+): (\d) \(from (\d) to (\d)\)")
"""Lines as tasks/prompt.py writes them."""

WORD = re.compile(r"[^\W\d_]{3,}")
STEM = 5
"""Letters of a word that count: cards are a card."""

NAMED = 3
"""How much more a word of the name says than one of the description."""

ANY_BAND = (3, 1, 4)
"""Where the prompt says nothing."""

OTHER = "other"
DRAFT = "Thank you for writing. A colleague will look into it."
DRAFTS = 4
"""One answer in so many has a draft."""

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a prompt says of the issue types."""

    weights: Mapping[str, Sequence[tuple[str, float]]]  # word -> types that it speaks for
    bands: Mapping[str, tuple[int, int, int]]  # expected, most and least urgent priority

    def best(self, text: str, among: Sequence[str]) -> str | None:
        """The issue type with the heaviest words in common; None where there are none."""
        sums = dict.fromkeys(among, 0.0)
        for word in _stems(text):
            for name, weight in self.weights.get(word, ()):
                if name in sums:
                    sums[name] += weight
        return max(sums, key=sums.__getitem__) if any(sums.values()) else None


def rules(text: str) -> Rules:
    """What the prompt says; it is the same for most tickets, and read once."""
    return _rules(tuple(line for line in text.split("\n") if line.startswith("- ")))


@lru_cache(maxsize=256)
def _rules(lines: tuple[str, ...]) -> Rules:
    described = [found.groups() for line in lines if (found := ISSUE.fullmatch(line))]
    names = {name: _stems(name.replace("_", " ")) for name, _ in described}
    own = {name: names[name] | _stems(said) for name, said in described}
    types = Counter(word for words in own.values() for word in words)
    weights = {
        word: [
            (name, math.log(1 + len(own) / times) * (NAMED if word in names[name] else 1))
            for name in own
            if word in own[name]
        ]
        for word, times in types.items()
    }
    bands = [found.groups() for line in lines if (found := PRIORITY.fullmatch(line))]
    return Rules(weights, {name: (int(e), int(m), int(x)) for name, e, m, x in bands})


def verdict(asked: Asked, known: Mapping[str, Verdict]) -> Verdict:
    """The answer to that question; `known` has what is decided for some texts, by `plain`."""
    if is_to_note(asked):
        return dict(notes(asked.question))
    subject, message = ticket_text(asked.question)
    told = known.get(plain(message), {})
    properties = (asked.schema or {}).get("properties", {})
    names = properties.get("issue_type", {}).get("enum") or []
    number = int.from_bytes(hashlib.blake2b(message.encode(), digest_size=4).digest())
    prompt = rules(asked.rules)
    issue = told.get("issue_type") or _issue(prompt, names, f"{subject}\n{message}", number)
    ours: Verdict = {
        "issue_type": issue,
        "priority": prompt.bands.get(issue, ANY_BAND)[0],
        "escalate": False,
        "evidence": [],
        "reason": f"The words are those of {issue}.",
        "draft": DRAFT if number % DRAFTS == 0 else None,
        "agrees": True,
        "wrong": [],
        "why": "It fits what was said.",
    } | told
    return {
        name: ours[name] if name in ours else _anything(shape) for name, shape in properties.items()
    }


def is_to_note(asked: Asked) -> bool:
    """Whether a conversation is to be summed up, and no ticket to be decided about."""
    return "promised" in (asked.schema or {}).get("properties", {})


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


def band(text: str, issue: str) -> tuple[int, int, int]:
    """The priority that the prompt expects, the most and the least urgent that may be said."""
    return rules(text).bands.get(issue, ANY_BAND)


def _issue(prompt: Rules, names: Sequence[str], text: str, number: int) -> str:
    """One of the names that the schema allows."""
    if found := prompt.best(text, names):
        return found
    if OTHER in names or not names:
        return OTHER
    return names[number % len(names)]


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
