"""A model that says what it was told to say, and remembers what it was asked."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tasks.ports.model import Question, Reply, Signals, Usage, nobody_minds

SURE = Signals(confidence=0.995, threshold=0.9, ranking=(("security", 0.995), ("cash", 0.005)))


def a_verdict(**other: object) -> str:
    """A model's answer of the right shape, as JSON; name what is to be different."""
    answer: dict[str, object] = {
        "issue_type": "card_payment",
        "priority": 3,
        "escalate": False,
        "evidence": [],
        "reason": "The customer was charged twice for one purchase.",
        "draft": None,
    }
    return json.dumps(answer | other)


def an_escalation(criterion: str, quote: str, **other: object) -> str:
    """A model's answer that calls a person, with one piece of evidence."""
    evidence = [{"criterion": criterion, "quote": quote}]
    return a_verdict(**({"escalate": True, "evidence": evidence} | other))


def a_reply(
    text: str = "",
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    signals: Signals | None = None,
) -> Reply:
    """What comes back from a provider: 1,000 tokens in, 100 out."""
    return Reply(
        text=text or a_verdict(),
        model_asked="",
        model_answered="the-model-2026-01-01",
        usage=Usage(input_tokens=1_000, output_tokens=100),
        finish_reason=finish_reason,
        latency_seconds=0.25,
        refusal=refusal,
        signals=signals,
    )


@dataclass(slots=True)
class ScriptedModels:
    """Answers with its replies, first to last, and raises those that are errors."""

    replies: list[Reply | Exception]
    asked: list[Question] = field(default_factory=list)

    @classmethod
    def saying(cls, *texts: str) -> "ScriptedModels":
        """One that answers with these texts."""
        return cls.answering(a_reply(text) for text in texts)

    @classmethod
    def answering(cls, replies: Iterable[Reply | Exception]) -> "ScriptedModels":
        """One that answers with these replies."""
        return cls(list(replies))

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        """The next reply. Raises AssertionError when nobody expected one more question."""
        look()
        self.asked.append(question)
        assert self.replies, f"question {len(self.asked)} was not expected"
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def names(self) -> list[str]:
        """The models that were asked, first to last."""
        return [question.model for question in self.asked]
