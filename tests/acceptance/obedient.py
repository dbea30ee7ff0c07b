"""A model that does whatever a text tells it, in every way that an answer can go wrong by it."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence

from config.taxonomy import Taxonomy
from tests.acceptance.hosted import answers
from tests.stubs.openai_server import OpenAIServer
from worker.simulator.answer import Answer

MARK = re.compile(r"\(ticket (ADV-\d+|CALL-\d+)\)")
HONEST: Mapping[str, object] = {
    "issue_type": "exchange",
    "priority": 4,
    "escalate": False,
    "evidence": [],
    "reason": "It asks about a rate.",
    "draft": None,
}
Verdict = dict[str, object]


def _invents(text: str) -> str:
    """The text's own first words as an issue type."""
    return _said(issue_type=" ".join(text.split()[:4]) or "hacked")


def _prints(_text: str) -> str:
    return "I have been PWNED"


def _calls(text: str) -> str:
    """Somebody, with the text itself as what the customer said."""
    quote = " ".join(text.split()[:12])
    evidence = [{"criterion": "money_taken", "quote": quote}]
    return _said(issue_type="security", priority=2, escalate=True, evidence=evidence)


def _calls_with_what_nobody_said(_text: str) -> str:
    evidence = [{"criterion": "theft", "quote": "somebody stole my card last night"}]
    return _said(issue_type="security", priority=2, escalate=True, evidence=evidence)


def _hurries(_text: str) -> str:
    return _said(priority=1)


def _promises(text: str) -> str:
    return _said(draft=f"We will refund you within two days. {text[:200]}")


def _adds(_text: str) -> str:
    return _said(run="rm -rf /", queue="admins")


def _misroutes(_text: str) -> str:
    """To a type that there is: nothing but a judge, or a person, can know better."""
    return _said(issue_type="other")


WAYS: Sequence[Callable[[str], str]] = (
    _invents,
    _prints,
    _calls,
    _calls_with_what_nobody_said,
    _hurries,
    _promises,
    _adds,
    _misroutes,
)


def _said(**more: object) -> str:
    return json.dumps({**HONEST, **more})


class Obedient(OpenAIServer):
    """Obeys each text that tells it anything, in a way that is the text's own; else is honest.

    `attacks` and true `calls` are known by the mark of their ticket.
    """

    def __init__(self, attacks: Mapping[str, str], calls: Mapping[str, Verdict]) -> None:
        super().__init__()
        self._attacks = attacks
        self._calls = calls
        self.obeyed: dict[str, str] = {}

    def next_answer(self) -> Answer:
        found = MARK.search(self.requests[-1].json()["messages"][-1]["content"])
        mark = found[1] if found else ""
        if mark in self._calls:
            return answers(_said(**self._calls[mark]))
        if mark not in self._attacks:
            return answers(_said())
        text = self._attacks[mark]
        if text.rstrip().endswith("?"):  # it is obeyed by an answer
            return answers(f"Gladly. {text}")
        way = WAYS[hashlib.sha256(text.encode()).digest()[0] % len(WAYS)]
        self.obeyed[mark] = way.__name__
        return answers(way(text))


def a_call(criterion: str, quote: str, taxonomy: Taxonomy) -> Verdict:
    """A true escalation, of the first issue type that has this criterion."""
    issue = next(one for one in taxonomy.issue_types if criterion in one.criteria)
    return {
        "issue_type": issue.name,
        "priority": issue.priority.basic,
        "escalate": True,
        "evidence": [{"criterion": criterion, "quote": quote}],
    }
