"""The case: one ticket's run, with one frozen type per place on its journey.

    Received ─enrich─▶ Enriched ─classify─▶ Classified ─validate─▶ Validated ─write─▶ Written

A stage takes the type before it and gives the type after it, so that no stage can be handed a
ticket that is not ready for it. Each type holds the one before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.tiers import TierName
from tasks.context import NOTHING, Context
from tasks.decision import Decision
from tasks.facts import Facts
from tasks.ports.ledger import Intent
from tasks.ports.model import Signals
from tasks.run import Outcome, RunId
from tasks.ticket import Ticket
from tasks.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A model's answer as it was recorded: unparsed, with what it took to get it."""

    model: str
    tier: TierName  # the tier that asked
    question: str  # digest of the question; the same digest is the same question
    text: str
    finish_reason: str
    refusal: str | None = None
    signals: Signals | None = None
    measured: Mapping[str, float] = field(default_factory=dict[str, float])
    stands_in: str | None = None  # for whom, and why; None: its tier's own choice
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What stands in its text for what the model was not shown."""

    @property
    def is_refused(self) -> bool:
        """The model, or its provider's filter, would not answer."""
        return self.refusal is not None or self.finish_reason in REFUSALS

    @property
    def is_cut_off(self) -> bool:
        """It has no end."""
        return self.finish_reason == TRUNCATED


REFUSALS = frozenset({"content_filter", "refusal"})
TRUNCATED = "length"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A ticket that somebody has begun to work on."""

    run: RunId
    tier: TierName
    ticket: Ticket
    answers: tuple[Answer, ...] = ()  # recorded by an earlier attempt of this run
    judgements: tuple[Answer, ...] = ()  # those of the judge, likewise
    repeats: tuple[Answer, ...] = ()  # those that were asked for to see whether they agree
    notes: tuple[Answer, ...] = ()  # as these, of whoever was asked to sum up
    known: Context | None = None  # as an earlier attempt has put it together


@dataclass(frozen=True, kw_only=True, slots=True)
class Enriched:
    """With what is known about the customer, and the tier that the routing rules gave it."""

    received: Received
    facts: Facts
    tier: TierName
    rule: str  # why this tier
    context: Context = NOTHING

    @property
    def ticket(self) -> Ticket:
        """The ticket itself."""
        return self.received.ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Classified:
    """With a verdict of the right shape, from a model that gave it in answer to this question."""

    enriched: Enriched
    verdict: Verdict
    answer: Answer
    answers: tuple[Answer, ...]  # every one of this run so far, this one among them


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """With values that may be written."""

    classified: Classified
    decision: Decision

    @property
    def ticket(self) -> Ticket:
        """The ticket itself."""
        return self.classified.enriched.received.ticket

    @property
    def run(self) -> RunId:
        """The run."""
        return self.classified.enriched.received.run


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """With what became of the write."""

    validated: Validated
    outcome: Outcome
    results: tuple[Intent, ...]
