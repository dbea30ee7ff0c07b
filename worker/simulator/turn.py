"""One question at a provider, understood: what it asks, and the means to answer it in any way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from tasks.ports.model import Usage
from worker.simulator.answer import Answer, answering, compact
from worker.simulator.dialect import Asked, Dialect, Said, Stop, Trouble
from worker.simulator.verdict import Verdict

CHARACTERS_A_TOKEN = 4
CACHES_FROM = 1_024
CACHES_IN = 128
"""Tokens: prompts of that length are cached, in steps of so many."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the faults are functions of."""

    dialect: Dialect
    asked: Asked
    verdict: Verdict
    digest: str  # of the request's body
    ticket: str | None  # the mark of the ticket that it is about
    now: Callable[[], float] = field(repr=False)  # epoch seconds

    @cached_property
    def text(self) -> str:
        """The verdict as a model writes it."""
        return compact(self.verdict)

    @cached_property
    def good(self) -> Answer:
        """What a provider that is well answers."""
        return self.says(self.text)

    def says(
        self, text: str | None, *, stop: Stop = "whole", model: str = "", counted: bool = True
    ) -> Answer:
        """A completion. It is billed, whether the answer has the count or not."""
        usage = self.usage(text or "")
        said = self._said(text, usage if counted else None, stop=stop, model=model)
        return answering(self.dialect.completion(said, self.asked), billed=usage)

    def says_nothing(self) -> Answer:
        """A completion without choices."""
        usage = self.usage("")
        return answering(self.dialect.nothing(self._said(None, usage)), billed=usage)

    def fails(self, trouble: Trouble, status: int, **headers: str) -> Answer:
        """An error in the provider's own form; headers as `retry_after="1"`."""
        status, document = self.dialect.complaint(trouble, status, self.asked.model)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return answering(document, status=status, headers=named)

    def usage(self, answer: str) -> Usage:
        """Tokens, by the length of the texts alone; what was cached is a part of the rules."""
        rules = _tokens(len(self.asked.rules))
        given = rules + _tokens(len(self.asked.question) + self.asked.more)
        cached = rules - rules % CACHES_IN if given >= CACHES_FROM else 0
        return Usage(input_tokens=given, cached_tokens=cached, output_tokens=_tokens(len(answer)))

    def _said(
        self, text: str | None, usage: Usage | None, *, stop: Stop = "whole", model: str = ""
    ) -> Said:
        answers = model or f"{self.asked.model}-simulated"
        return Said(id=self.digest, model=answers, text=text, usage=usage, stop=stop)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_A_TOKEN)
