"""Signals of confidence that are measured, and none that is made up."""

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tasks.ports.model import Question, Reply, Signals, nobody_minds
from tests.twins.models import ScriptedModels, a_reply, a_verdict
from tests.unit.worker.models.test_baseline_provider import QUESTION
from worker.models.compared import Compared
from worker.models.probabilities import measured

TEXT = '{"issue_type": "card_payment", "priority": 3}'
PIECES = ('{"issue_type": "', "card", "_pay", 'ment", ', '"priority": 3}')


def _logprobs(pieces: Sequence[str], *chances: float) -> dict[str, object]:
    each = zip(pieces, (math.log(chance) for chance in chances), strict=True)
    return {"content": [{"token": token, "logprob": value} for token, value in each]}


def test_the_probability_of_a_value_is_that_of_all_its_tokens() -> None:
    """Of those before and after it nothing counts."""
    found = measured(TEXT, _logprobs(PIECES, 0.1, 0.9, 0.8, 0.5, 0.1))
    assert found == {"tokens": pytest.approx(0.9 * 0.8 * 0.5)}


NOTHING: dict[str, tuple[str, object]] = {
    "none came": (TEXT, None),
    "an empty list": (TEXT, {"content": []}),
    "of another text": (TEXT, _logprobs(("something", " else"), 0.5, 0.5)),
    "no such field": ('{"a": 1}', _logprobs(('{"a": 1}',), 0.5)),
    "no list": (TEXT, {"content": "text"}),
    "no numbers": (TEXT, {"content": [{"token": TEXT, "logprob": None}]}),
    "impossible ones": (TEXT, {"content": [{"token": TEXT, "logprob": float("-inf")}]}),
}


@pytest.mark.parametrize(("text", "logprobs"), NOTHING.values(), ids=NOTHING)
def test_what_cannot_be_read_says_nothing(text: str, logprobs: object) -> None:
    assert measured(text, logprobs) == {}


@dataclass
class Local:
    """Ranks two issue types."""

    asked: int = 0

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        del question, look
        self.asked += 1
        ranking = (("card_payment", 0.7), ("cash", 0.2))
        return a_reply(signals=Signals(confidence=0.7, threshold=0.9, ranking=ranking))

    async def aclose(self) -> None:
        """Nothing is open."""


class Hosted(ScriptedModels):
    """Says what it is told to."""

    @classmethod
    def of(cls, text: str) -> "Hosted":
        return cls([a_reply(text)])

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("text", "likely"),
    [(a_verdict(), 0.7), (a_verdict(issue_type="cash"), 0.2), (a_verdict(issue_type="x"), 0.0)],
    ids=["its first", "its second", "none of its"],
)
def test_the_local_model_is_asked_how_likely_it_holds_an_answer(text: str, likely: float) -> None:
    reply = asyncio.run(Compared(Hosted.of(text), Local()).ask(QUESTION))
    assert reply.measured == {"local": likely}
    assert reply.signals is None, "the answer is the other one's"


@pytest.mark.parametrize("text", ["Sure!", "[]", json.dumps({"issue_type": 3})])
def test_an_answer_without_an_issue_type_is_not_compared(text: str) -> None:
    local = Local()
    reply = asyncio.run(Compared(Hosted.of(text), local).ask(QUESTION))
    assert (reply.measured, local.asked) == ({}, 0)
