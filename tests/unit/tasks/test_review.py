"""What becomes of a person's word: the proposal as it is, other values, or a reason why not."""

from dataclasses import replace

import pytest

from config.mode import Mode
from config.policy import Patience, Policy, Review
from tasks.case import Answer
from tasks.decision import Decision, Escalation
from tasks.events import Event, Kind
from tasks.journey import fold
from tasks.notes import notes_of
from tasks.proposal import Proposal, Rules, propose
from tasks.review import (
    Objection,
    Wishes,
    accepted,
    corrected,
    holds_until,
    is_live,
    to_be_written,
    would_call,
)
from tasks.run import Run, RunId
from tests.twins.clock import NOON
from tests.twins.desk import shipped
from tests.twins.models import SURE, a_verdict, an_escalation
from tests.twins.ticket import a_ticket, an_answer, classified, enriched

STOLEN = a_ticket("My card was stolen last night. I am furious.")
QUOTE = "My card was stolen last night"
THEFT = an_escalation("theft", QUOTE, issue_type="security", priority=2)
MADE_UP = an_escalation("theft", "it was taken from me", issue_type="security", priority=2)
OFF_LIST = a_verdict(issue_type="lottery")
TOO_URGENT = a_verdict(issue_type="exchange", priority=1)
GARBAGE = "{"
REFUSED = replace(an_answer(a_verdict()), refusal="I cannot")


def rules(*answers: Answer | str) -> Rules:
    read = [one if isinstance(one, Answer) else an_answer(one) for one in answers]
    ours = shipped()
    case = enriched(STOLEN, *read)
    return Rules(taxonomy=ours.taxonomy, policy=ours.policy, case=case)


def accepts(*answers: Answer | str, escalate: str | None = None) -> Decision | Objection:
    ours = rules(*answers)
    return accepted(propose(ours), Wishes(escalate=escalate), ours, "ada")


def corrects(*answers: Answer | str, **wishes: str | int) -> Decision | Objection:
    ours = rules(*answers)
    return corrected(propose(ours), Wishes(**wishes), ours, "ada")  # type: ignore[arg-type]


def values(decision: Decision | Objection) -> dict[str, str]:
    assert isinstance(decision, Decision), decision
    return decision.fields()


CARD = {"issue_type": "card", "priority": "3", "queue": "cards"}
SECURITY = {"issue_type": "security", "priority": "2", "queue": "fraud"}


def test_a_proposal_is_accepted_as_it_is_with_its_escalation() -> None:
    decision = accepts(THEFT)
    assert values(decision) == {**SECURITY, "escalated": "theft"}
    assert isinstance(decision, Decision)
    assert decision.escalation == Escalation(criterion="theft", quote=QUOTE)
    assert decision.by == "ada"
    assert {choice.rule for choice in decision.choices} == {"ada, in review"}
    assert {choice.runner_up for choice in decision.choices} == {None}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([], "no model has answered"),
        ([GARBAGE], "no answer of a model can be read"),
        ([REFUSED], "no answer of a model can be read"),
        ([OFF_LIST], "its issue type is not in the taxonomy"),
        ([TOO_URGENT], "its priority is outside 3 to 4"),
    ],
)
def test_what_cannot_be_written_is_not_accepted(answers: list[Answer | str], why: str) -> None:
    found = accepts(*answers)
    assert isinstance(found, Objection)
    assert found.startswith(why)
    assert found.endswith("`triage review correct` takes values")
    assert "lottery" not in found, "it is the model's own text"


def test_the_last_answer_that_can_be_read_is_what_was_proposed() -> None:
    assert values(accepts(a_verdict(issue_type="card"), GARBAGE, REFUSED)) == CARD
    assert values(accepts(THEFT, a_verdict(issue_type="card"))) == CARD


def test_an_escalation_that_nothing_proves_needs_a_person_to_say_so() -> None:
    assert values(accepts(MADE_UP)) == SECURITY
    called = accepts(MADE_UP, escalate="theft")
    assert values(called)["escalated"] == "theft"
    assert isinstance(called, Decision)
    assert called.escalation == Escalation(criterion="theft", quote="")
    assert values(accepts(THEFT, escalate="none")) == SECURITY
    assert values(accepts(THEFT, escalate="legal_threat"))["escalated"] == "legal_threat"
    assert isinstance(accepts(THEFT, escalate="fire"), Objection)


def test_what_is_not_said_is_as_proposed_where_that_holds_else_as_policy_has_it() -> None:
    assert values(corrects(THEFT, priority=4)) == {
        **SECURITY,
        "priority": "4",
        "escalated": "theft",
    }
    assert values(corrects(THEFT, issue_type="card")) == CARD, "theft is no criterion of card"
    assert values(corrects(TOO_URGENT, issue_type="exchange"))["priority"] == "4"
    assert values(corrects(GARBAGE, issue_type="card", queue="triage")) == {
        **CARD,
        "queue": "triage",
    }
    decision = corrects(THEFT, issue_type="card", escalate="theft")
    assert isinstance(decision, Decision)
    proposed = {choice.field: choice.runner_up for choice in decision.choices}
    assert proposed == {
        "issue_type": "security",
        "priority": "2",
        "queue": "fraud",
        "escalated": None,
    }


@pytest.mark.parametrize(
    "wishes", [{}, {"issue_type": "cars"}, {"issue_type": "card", "queue": "vip"}]
)
def test_a_correction_has_values_of_the_taxonomy(wishes: dict[str, str]) -> None:
    assert isinstance(corrects(OFF_LIST, **wishes), Objection)


def test_a_draft_stays_where_it_was_written_for_that_issue_type() -> None:
    draft = a_verdict(issue_type="card", draft="Thank you for writing.")
    for decision, kept in (
        (accepts(draft), True),
        (corrects(draft, priority=4), True),
        (corrects(draft, issue_type="cash"), False),
        (accepts(a_verdict(issue_type="card", draft="We guarantee a refund.")), False),
    ):
        assert isinstance(decision, Decision)
        assert (decision.draft is not None) is kept


def test_a_person_may_choose_any_queue_and_a_model_only_that_of_its_type() -> None:
    decision = corrects(THEFT, queue="triage")
    assert isinstance(decision, Decision)
    taxonomy = shipped().taxonomy
    assert is_live(decision, taxonomy)
    assert not is_live(decision.model_copy(update={"by": None}), taxonomy)
    assert not is_live(decision.model_copy(update={"queue": "vip"}), taxonomy)
    assert not is_live(decision.model_copy(update={"issue_type": "cars"}), taxonomy)


def test_the_note_says_who_decided_and_what_was_proposed() -> None:
    decision = corrects(THEFT, issue_type="card", escalate="theft")
    assert isinstance(decision, Decision)
    case = to_be_written(rules(THEFT).case, decision)
    notes = notes_of(case, Mode.AUTO, explains=True, kept=())
    assert notes["note:route"].splitlines()[:2] == [
        "ada, in the review of Triage Fleet, decided: issue type card, priority 3, queue cards.",
        "- issue type: ada, in review; proposed was security",
    ]
    assert notes["note:escalation"] == "Escalated: theft\nada says so, in review"
    because = decision.told("why", "said", "asked by phone")
    notes = notes_of(to_be_written(rules(THEFT).case, because), Mode.AUTO, explains=True, kept=())
    assert "- why: asked by phone" in notes["note:route"].splitlines()
    assert notes["note:escalation"].endswith("ada says so, in review: asked by phone")
    nobody = to_be_written(rules(GARBAGE).case, decision)
    assert "- model none; more" in notes_of(nobody, Mode.AUTO, explains=True, kept=())["note:route"]


def test_the_runners_up_are_those_that_were_measured() -> None:
    ours = rules(an_answer(THEFT, signals=SURE))
    proposal = propose(ours)
    assert isinstance(proposal, Proposal)
    assert proposal.runners_up == (("cash", 0.005),)


@pytest.mark.parametrize(
    ("tier", "escalates", "waits"),
    [
        ("basic", False, 900.0),
        ("plus", False, 600.0),
        ("business", False, 300.0),
        (None, False, 900.0),
        ("basic", True, None),
    ],
)
def test_how_long_a_review_waits_is_its_customers_tier_and_nobody_who_is_called_waits(
    tier: str | None, *, escalates: bool, waits: float | None
) -> None:
    run = replace(a_run(), customer_tier=tier)
    case = classified(THEFT if escalates else a_verdict())
    found = holds_until(run, case, shipped().policy, NOON)
    assert found == (None if waits is None else NOON + waits)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (a_verdict(), None),
        (THEFT, "it would escalate this by theft"),
        (MADE_UP, "it would escalate this, which is not proven"),
        (an_escalation("theft", QUOTE, issue_type="lottery"), "it would escalate this, which is"),
    ],
)
def test_who_would_have_called_somebody_is_told_apart(answer: str, says: str | None) -> None:
    ours = shipped()
    case = classified(answer, ticket=STOLEN)
    found = would_call(case, ours.taxonomy, ours.policy)
    assert found == says or (found and says and found.startswith(says))
    assert would_call(case.enriched, ours.taxonomy, ours.policy) is None


def test_where_the_limit_is_nothing_people_have_it_at_once() -> None:
    at_once = Policy(review=Review(hand_over_seconds=Patience(basic=0)))
    assert holds_until(a_run(), classified(), at_once, NOON) is None
    backfill = replace(a_run(), mode=Mode.SHADOW)
    assert holds_until(backfill, classified(), shipped().policy, NOON) is None


def a_run() -> Run:
    body: dict[str, object] = {"ticket": "t", "source": "file:x", "external_id": "T-1"}
    body |= {"requester": "r", "digest": "d", "revision": 1, "tier": "economy", "mode": None}
    return fold([Event(run=RunId("R-1"), seq=1, at=NOON, kind=Kind.INGESTED, body=body)])
