"""Only what means something passes; the rest goes to a dearer model, to people or to the dead."""

import asyncio

import pytest

from tasks.case import Answer, Classified, Validated
from tasks.causes import Cause, ReviewReason
from tasks.decision import Decision, Escalation
from tasks.detour import Detour, GiveUp, NeedsHuman, Promote
from tasks.ports.model import Signals
from tasks.validate import validate
from tests.twins.desk import Office, only, shipped
from tests.twins.facts import an_account, an_incident, known
from tests.twins.models import SURE, a_verdict, an_escalation
from tests.twins.ticket import a_ticket, an_answer, classified

STOLEN = a_ticket("My card was stolen last night. I have no money to buy food.")
TRUE_QUOTE = "My card was stolen last night"
NO_FACTS = known(unavailable={"account": "timed out"})

PROMOTED = an_answer(model="openai/gpt-5-mini", tier="standard")
"""An answer that a promotion has already asked for."""


def _validate(case: Classified, office: Office | None = None) -> Validated | Detour:
    return asyncio.run(validate(case, (office or Office()).desk))


def _decided(case: Classified) -> Decision:
    found = _validate(case)
    assert isinstance(found, Validated), found
    return found.decision


def test_a_verdict_that_fits_becomes_the_decision() -> None:
    """Type and priority from the model, the queue from the taxonomy, nothing else."""
    decision = _decided(classified(a_verdict(issue_type="transfer", priority=3)))
    assert decision.fields() == {"issue_type": "transfer", "priority": "3", "queue": "transfers"}
    assert decision.escalation is None
    assert decision.draft is None


def test_a_proven_escalation_becomes_a_field() -> None:
    """With its criterion as the value."""
    text = an_escalation("theft", TRUE_QUOTE, issue_type="security", priority=2)
    decision = _decided(classified(text, ticket=STOLEN))
    assert decision.escalation == Escalation(criterion="theft", quote=TRUE_QUOTE)
    assert decision.fields()["escalated"] == "theft"


WRONG: dict[str, tuple[Cause, Classified]] = {
    "a type off the list": (Cause.OFF_LIST, classified(a_verdict(issue_type="refund"))),
    "a type in capitals": (Cause.OFF_LIST, classified(a_verdict(issue_type="CARD"))),
    "no type": (Cause.OFF_LIST, classified(a_verdict(issue_type=""))),
    "a priority too urgent": (Cause.PRIORITY_OUTSIDE_POLICY, classified(a_verdict(priority=1))),
    "a priority of nought": (Cause.PRIORITY_OUTSIDE_POLICY, classified(a_verdict(priority=0))),
    "a priority of five": (Cause.PRIORITY_OUTSIDE_POLICY, classified(a_verdict(priority=5))),
    "a priority too calm": (
        Cause.PRIORITY_OUTSIDE_POLICY,
        classified(
            a_verdict(priority=4),
            facts=known(an_account("business"), an_incident("card_payment")),
        ),
    ),
    "a step aside while facts are away": (
        Cause.PRIORITY_OUTSIDE_POLICY,
        classified(a_verdict(priority=2), facts=NO_FACTS),
    ),
    "an escalation without evidence": (
        Cause.UNPROVEN_ESCALATION,
        classified(a_verdict(escalate=True, evidence=[])),
    ),
    "an invented quote": (
        Cause.UNPROVEN_ESCALATION,
        classified(
            an_escalation("theft", "my wallet was stolen yesterday", issue_type="security"),
            ticket=STOLEN,
        ),
    ),
    "a criterion of another type": (
        Cause.UNPROVEN_ESCALATION,
        classified(an_escalation("theft", TRUE_QUOTE, issue_type="exchange"), ticket=STOLEN),
    ),
    "a true proof beside a false one": (
        Cause.UNPROVEN_ESCALATION,
        classified(
            a_verdict(
                issue_type="security",
                escalate=True,
                evidence=[
                    {"criterion": "theft", "quote": TRUE_QUOTE},
                    {"criterion": "legal_threat", "quote": "I will sue the bank"},
                ],
            ),
            ticket=STOLEN,
        ),
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_values_are_promoted_once(what: str) -> None:
    """A dearer model may know better."""
    found = _validate(WRONG[what][1])
    assert isinstance(found, Promote)
    assert found.tier == "standard"


@pytest.mark.parametrize("what", WRONG)
def test_wrong_values_after_a_promotion_are_a_dead_letter(what: str) -> None:
    """Never the helpdesk; the cause is what it is counted by."""
    cause, case = WRONG[what]
    again = classified(
        case.answer.text,
        an_answer("garbage"),
        ticket=case.enriched.ticket,
        facts=case.enriched.facts,
        answer=_of(PROMOTED, case.answer.text),
    )
    found = _validate(again)
    assert isinstance(found, GiveUp)
    assert found.cause is cause


@pytest.mark.parametrize("what", WRONG)
def test_wrong_values_of_the_only_model_are_a_dead_letter(what: str) -> None:
    """Where every tier has the same model there is nobody to promote to."""
    cause, case = WRONG[what]
    found = _validate(
        classified(
            ticket=case.enriched.ticket,
            facts=case.enriched.facts,
            answer=an_answer(case.answer.text, model="openai/one"),
        ),
        Office(tiers=only("openai/one")),
    )
    assert isinstance(found, GiveUp)
    assert found.cause is cause


@pytest.mark.parametrize("what", WRONG)
def test_why_a_value_is_wrong_holds_no_text_of_model_or_customer(what: str) -> None:
    """The reason stands in events and logs; an off-list value is the model's own text."""
    found = _validate(WRONG[what][1])
    assert not isinstance(found, Validated)
    for word in ("refund", "CARD", "wallet", "stolen", "sue the"):
        assert word not in found.why


def _of(answer: Answer, text: str, signals: Signals | None = None) -> Answer:
    return Answer(
        model=answer.model,
        tier=answer.tier,
        question=answer.question,
        text=text,
        finish_reason="stop",
        signals=signals,
    )


def test_while_facts_are_away_the_expected_priority_still_passes() -> None:
    """Stricter is not closed."""
    assert _decided(classified(a_verdict(priority=3), facts=NO_FACTS)).priority == 3


def test_evidence_without_an_escalation_is_let_lie() -> None:
    """A model that quotes and does not escalate has not escalated."""
    text = an_escalation("theft", "never said by anybody", escalate=False)
    assert _decided(classified(text)).escalation is None


def _abstaining(why: str) -> Signals:
    return Signals(confidence=0.4, threshold=0.9, abstains=why)


def test_a_model_that_abstains_is_promoted() -> None:
    """Unsure is no dead letter."""
    answer = an_answer(signals=_abstaining("confidence 0.400 is below 0.900"))
    found = _validate(classified(answer=answer))
    assert isinstance(found, Promote)
    assert found.tier == "standard"


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("confidence 0.400 is below 0.900", ReviewReason.UNSURE),
        ("out of scope: nothing like it was seen", ReviewReason.OUT_OF_SCOPE),
    ],
)
def test_at_the_top_a_person_decides_what_no_model_is_sure_of(
    why: str, reason: ReviewReason
) -> None:
    """With the local model everywhere the top is reached at once."""
    answer = an_answer(model="local/baseline", signals=_abstaining(why))
    found = _validate(classified(answer=answer), Office(tiers=shipped(()).tiers))
    assert isinstance(found, NeedsHuman)
    assert found.reason is reason
    assert why in found.why


def test_an_abstaining_model_may_be_promoted_to_the_top() -> None:
    """Doubt is not limited to one promotion, as wrong values are."""
    signals = _abstaining("confidence 0.400 is below 0.900")
    found = _validate(classified("", an_answer(), answer=_of(PROMOTED, a_verdict(), signals)))
    assert isinstance(found, Promote)
    assert found.tier == "premium"


def test_wrong_values_are_wrong_however_sure_the_model_is() -> None:
    """Confidence does not open the list."""
    answer = an_answer(a_verdict(issue_type="refund"), model="openai/one", signals=SURE)
    found = _validate(classified(answer=answer), Office(tiers=only("openai/one")))
    assert isinstance(found, GiveUp)


PROMISES = (
    "We will refund the second charge.",
    "We\u2019ll happily refund you.",
    "we shall\nreimburse you",
    "You will receive a full refund soon.",
    "You'll be refunded tomorrow.",
    "I guarantee that it is safe.",
    "This is promised.",
    "We have waived the fee.",
    "We will get back to you within two days.",
)


@pytest.mark.parametrize("draft", PROMISES)
def test_a_draft_that_promises_is_withheld_and_the_ticket_is_routed(draft: str) -> None:
    """A promise costs the draft; the choice says so without its words."""
    decision = _decided(classified(a_verdict(draft=draft)))
    assert decision.draft is None
    assert decision.fields()["queue"] == "payments"
    withheld = [choice for choice in decision.choices if choice.field == "draft"]
    assert [choice.chosen for choice in withheld] == ["withheld"]
    assert draft not in withheld[0].rule


@pytest.mark.parametrize(
    "draft",
    [
        "Thank you for writing. Could you tell us the date of the charge?",
        "We are looking into the refund that you asked for.",
        "Refunds usually take a few days to arrive.",
    ],
)
def test_a_draft_that_promises_nothing_is_kept(draft: str) -> None:
    """Word for word."""
    assert _decided(classified(a_verdict(draft=draft))).draft == draft


def test_a_blank_draft_is_none() -> None:
    """Nobody needs a note without words."""
    assert _decided(classified(a_verdict(draft=" \n"))).draft is None


def test_every_written_value_has_its_choice_with_a_rule() -> None:
    """What, what else, and why: for each field that is written."""
    text = an_escalation("theft", TRUE_QUOTE, issue_type="security", priority=1)
    decision = _decided(classified(ticket=STOLEN, answer=an_answer(text, signals=SURE)))
    chosen = {choice.field: choice for choice in decision.choices}
    assert {field: choice.chosen for field, choice in chosen.items()} == decision.fields()
    assert chosen["issue_type"].runner_up == "cash"
    assert chosen["priority"].runner_up == "2"
    assert "0.995" in chosen["issue_type"].rule
    assert all(choice.rule for choice in decision.choices)
    assert "stolen" not in str(decision.choices)


def test_without_signals_no_confidence_is_claimed() -> None:
    """Calibrated or absent; never a number that a model made up."""
    decision = _decided(classified())
    assert decision.choices[0].runner_up is None
    assert decision.choices[0].rule.endswith("confidence is not measured")
