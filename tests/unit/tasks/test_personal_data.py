"""No model sees personal data, whatever it stands in; what it says comes back with the real values.

How it is found is tests/unit/tasks/redaction.
"""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tasks import prompt
from tasks.case import Classified, Enriched, Validated
from tasks.classify import classify, read_verdict
from tasks.decision import Escalation
from tasks.draft import objection
from tasks.errors import ContextTooLong
from tasks.facts import BillingEvent, Facts, Incident, Interaction
from tasks.ports.model import Question
from tasks.recorded import recorded
from tasks.redaction.find import Kind
from tasks.redaction.placeholders import restored
from tasks.ticket import Ticket, Turn
from tasks.validate import validate
from tasks.verdict import Verdict
from tests.twins.desk import Office, shipped
from tests.twins.facts import an_account, known
from tests.twins.models import ScriptedModels, a_reply, a_verdict, an_escalation
from tests.twins.planted import PLANTED
from tests.twins.ticket import CHEAP, a_ticket, enriched

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CARD, MAIL = "4539 1488 0343 6467", "quince@example.org"


def _question(ticket: Ticket, facts: Facts | None = None, *, is_trimmed: bool = False) -> Question:
    ours = shipped()
    return prompt.question(
        prompt.About(ticket, facts or known(), ours.taxonomy),
        prompt=ours.classify,
        model=ours.tiers.model(CHEAP),
        is_trimmed=is_trimmed,
    )


def _everywhere(text: str) -> tuple[Ticket, Facts]:
    """A ticket and facts with that text in every place that takes a text."""
    turns = tuple(
        Turn(author=author, body=f"{place}: {text}", quoted=text)
        for place in range(5)
        for author in ("customer", "agent")
    )
    ticket = a_ticket(text, subject=text, channel=text, thread=turns)
    account = an_account("plus").model_copy(update={"customer_id": text, "plan": text})
    event = BillingEvent(
        id=text, at=NEW_YEAR, kind=text, amount=Decimal(1), currency=text, status=text
    )
    incident = Incident(id=text, title=text, issue_types=(text,), opened_at=NEW_YEAR)
    past = Interaction(id=text, at=NEW_YEAR, channel=text, summary=text, outcome=text)
    facts = Facts(
        fetched_at=0.0,
        account=account,
        billing=(event,),
        incidents=(incident,),
        interactions=(past,),
        unavailable={"billing": text},
    )
    return ticket, facts


@pytest.mark.parametrize(("kind", "sentence", "value"), PLANTED)
def test_no_place_of_ticket_or_facts_lets_it_through(kind: Kind, sentence: str, value: str) -> None:
    """Nor as JSON writes it; not to a model without language either."""
    asked = _question(*_everywhere(sentence.format(value)))
    for written in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        assert written not in recorded(asked)
        assert written not in asked.plain.text
        assert written not in repr(asked)
    assert f"[{kind}_1]" in asked.plain.text
    assert value in restored(asked.plain.text, asked.placeholders)


def test_what_was_cut_away_is_no_half_of_a_card() -> None:
    """A text is redacted before it is trimmed: half of a number would pass for none."""
    for shift in range(40):
        asked = _question(a_ticket("x" * (3_980 + shift) + f" {CARD} " + "y" * 9_000))
        shorter = _question(
            a_ticket("x" * (3_980 + shift) + f" {CARD} " + "y" * 9_000), is_trimmed=True
        )
        assert len(shorter.messages[-1].content) < len(asked.messages[-1].content)
        assert "4539" not in shorter.messages[-1].content


def test_what_is_only_long_by_its_secrets_is_not_asked_again() -> None:
    """What is left of it without them is short already, so there is nothing to trim."""
    office = Office(models=ScriptedModels.answering([ContextTooLong("413")]))
    long = a_ticket("token: " + "k" * 200 + "\n" + f"{CARD}\n" * 300)
    with pytest.raises(ContextTooLong):
        asyncio.run(classify(enriched(long), office.desk))


def _lived(text: str, ticket: Ticket) -> tuple[Validated, Office]:
    office = Office(models=ScriptedModels.answering([a_reply(text)]))
    case: Enriched = enriched(ticket)
    found = asyncio.run(classify(case, office.desk))
    assert isinstance(found, Classified), found
    came = asyncio.run(validate(found, office.desk))
    assert isinstance(came, Validated), came
    return came, office


STOLEN = a_ticket(f"My card {CARD} was stolen last night. Write to {MAIL}.")
SAID = an_escalation(
    "theft",
    "My card [CARD_1] was stolen last night",
    issue_type="security",
    priority=2,
    reason="[CARD_1] was stolen",
    draft="We write to [EMAIL_1].",
)


def test_a_quote_with_a_placeholder_proves_what_the_customer_said() -> None:
    """What people read has the real values."""
    came, _ = _lived(SAID, STOLEN)
    quote = f"My card {CARD} was stolen last night"
    assert came.decision.escalation == Escalation(criterion="theft", quote=quote)
    assert came.decision.draft == f"We write to {MAIL}."
    assert came.classified.verdict.reason == f"{CARD} was stolen"


def test_the_ledger_keeps_what_was_asked_and_said_and_what_stands_for_what() -> None:
    """The request as it was sent, the answer as it came."""
    _, office = _lived(SAID, STOLEN)
    (entry,) = office.journal.entries
    assert CARD not in entry.texts["question"]
    assert "My card [CARD_1] was stolen" in entry.texts["question"]
    assert entry.texts["answer"] == SAID
    assert json.loads(entry.texts["placeholders"]) == {"[CARD_1]": CARD, "[EMAIL_1]": MAIL}
    assert CARD not in str(entry.body)


def test_a_ticket_without_personal_data_keeps_nothing_more() -> None:
    _, office = _lived(a_verdict(), a_ticket())
    (entry,) = office.journal.entries
    assert set(entry.texts) == {"answer", "question"}


def test_an_answer_is_read_by_what_stood_for_what_when_it_was_asked_for() -> None:
    """Also by a later version that would number otherwise."""
    came, _ = _lived(SAID, STOLEN)
    again = read_verdict(came.classified.answer)
    assert isinstance(again, Verdict)
    assert again == came.classified.verdict


def test_a_corrected_question_shows_the_model_its_own_words() -> None:
    """With the names, not with what they stand for."""
    office = Office(models=ScriptedModels.saying("It is [CARD_1]", SAID))
    asyncio.run(classify(enriched(STOLEN), office.desk))
    assert all(CARD not in recorded(asked) for asked in office.script.asked)
    assert office.script.asked[1].placeholders == office.script.asked[0].placeholders


def test_a_draft_with_a_name_that_stands_for_nothing_is_withheld() -> None:
    """A customer would read `[EMAIL_7]`; what they have written themselves may be said again."""
    policy = shipped().policy
    for draft in ("We write to [EMAIL_7].", "We write to EMAIL_7."):
        assert objection(draft, a_ticket(), policy)
    assert objection("[EMAIL_7] is no address", a_ticket("What is [EMAIL_7]?"), policy) is None


def test_the_prompt_explains_the_names() -> None:
    assert "such as [EMAIL_1]" in _question(a_ticket()).messages[0].content
