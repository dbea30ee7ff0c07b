"""Tickets, and cases at each place of the journey."""

from datetime import UTC, datetime

from config.tiers import TierName
from tasks.case import Answer, Classified, Enriched, Received, Validated
from tasks.decision import Choice, Decision, Escalation
from tasks.facts import Facts
from tasks.ports.model import Signals
from tasks.run import RunId
from tasks.ticket import ExternalId, Ticket, Turn
from tasks.verdict import Verdict
from tests.twins.facts import ADA, known
from tests.twins.models import a_verdict

CHEAP = "openai/gpt-6-luna"
"""The first model of the shipped economy tier."""

DECISION = Decision(
    issue_type="security",
    priority=1,
    queue="fraud",
    escalation=Escalation(criterion="theft", quote="My card was stolen last night"),
    draft="Thank you for writing.",
    choices=(Choice(field="queue", chosen="fraud", runner_up=None, rule="queue of security"),),
)
"""One with everything that there is to be written: fields, and each kind of note."""


def a_ticket(
    body: str = "I was charged twice for one coffee",
    *,
    subject: str = "",
    channel: str = "email",
    thread: tuple[Turn, ...] = (),
    fields: dict[str, str] | None = None,
    language: str | None = None,
) -> Ticket:
    """A ticket of New Year's Day 2026."""
    return Ticket(
        id=ExternalId("T-1"),
        subject=subject,
        body=body,
        channel=channel,
        requester=ADA,
        created_at=datetime(2026, 1, 1, 11, 0, tzinfo=UTC),
        thread=thread,
        fields=fields or {},
        language=language,
    )


def received(ticket: Ticket | None = None, *answers: Answer) -> Received:
    """A case that somebody has begun to work on."""
    return Received(run=RunId("R-1"), tier="economy", ticket=ticket or a_ticket(), answers=answers)


def enriched(
    ticket: Ticket | None = None,
    *answers: Answer,
    facts: Facts | None = None,
    tier: TierName = "economy",
) -> Enriched:
    """A case with facts."""
    return Enriched(
        received=received(ticket, *answers), facts=facts or known(), tier=tier, rule="default"
    )


def an_answer(
    text: str = "",
    *,
    model: str = CHEAP,
    tier: TierName = "economy",
    question: str = "0" * 16,
    signals: Signals | None = None,
) -> Answer:
    """A recorded answer."""
    return Answer(
        model=model,
        tier=tier,
        question=question,
        text=text or a_verdict(),
        finish_reason="stop",
        signals=signals,
    )


def classified(
    text: str = "",
    *earlier: Answer,
    ticket: Ticket | None = None,
    facts: Facts | None = None,
    answer: Answer | None = None,
) -> Classified:
    """A case with the verdict in `text`, or in `answer`."""
    given = answer or an_answer(text)
    verdict = Verdict.parse(given.text)
    assert isinstance(verdict, Verdict), verdict
    return Classified(
        enriched=enriched(ticket, facts=facts, tier=given.tier),
        verdict=verdict,
        answer=given,
        answers=(*earlier, given),
    )


def validated(decision: Decision, ticket: Ticket | None = None) -> Validated:
    """A case that may be written."""
    return Validated(classified=classified(ticket=ticket), decision=decision)
