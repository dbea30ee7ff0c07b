"""What is written by itself: as far as config lets it, and as sure as that was measured."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from config.mode import Mode
from config.policy import Autonomy, Freedom, Unmeasured
from tasks.case import Answer, Classified, Validated, Written
from tasks.causes import ReviewReason
from tasks.confidence import Calibration, calibrate
from tasks.desk import Desk
from tasks.detour import Detour, NeedsHuman
from tasks.run import Outcome
from tasks.validate import validate
from tasks.write import write
from tests.twins.desk import Office, only, shipped
from tests.twins.models import SURE, a_verdict, an_escalation
from tests.twins.ticket import CHEAP, a_ticket, an_answer, classified

RT = "rt"
STOLEN = a_ticket("My card was stolen last night. I have no money to buy food.")
ALL = {"issue_type": "card_payment", "priority": "3", "queue": "payments"}


@dataclass(frozen=True)
class Known:
    """Measures of one model."""

    learnt: Mapping[str, Calibration] = field(default_factory=dict[str, Calibration])

    async def of(self, model: str) -> Mapping[str, Calibration]:  # noqa: ARG002 - the port's
        return self.learnt


def _desk(
    office: Office, rules: Autonomy | None = None, place: str = RT, measures: Known | None = None
) -> Desk:
    policy = shipped().policy
    kept = policy.model_copy(update={"autonomy": rules or policy.autonomy})
    return replace(office.desk, policy=kept, place=place, measures=measures or Known())


def _measured(score: float, text: str = "", model: str = CHEAP) -> Answer:
    return replace(an_answer(text, model=model), measured={"tokens": score})


def _validated(case: Classified, desk: Desk) -> Validated | Detour:
    return asyncio.run(validate(case, desk))


def _written(case: Classified, desk: Desk) -> Written:
    valid = _validated(case, desk)
    assert isinstance(valid, Validated), valid
    found = asyncio.run(write(valid, desk))
    assert isinstance(found, Written)
    return found


def _notes(office: Office) -> list[str]:
    return [note.body for note in office.helpdesk.notes[office.ticket.id]]


def _set(found: Validated | Detour) -> Mapping[str, str]:
    assert isinstance(found, Validated), found
    return found.decision.to_set()


GOOD = calibrate([(0.9, True)] * 400, 0.02)
"""Four hundred were checked, and all of them were right."""

BAD = calibrate([(0.9, number % 5 > 0) for number in range(400)], 0.02)
"""One in five was wrong."""

FEW = calibrate([(0.9, True)] * 40, 0.02)


def _learnt(issue_type: Calibration | None, priority: Calibration | None = None) -> Known:
    named = {"issue_type": issue_type, "priority": priority or issue_type}
    return Known({name: found for name, found in named.items() if found is not None})


def test_what_nobody_has_measured_is_only_suggested_in_a_real_helpdesk() -> None:
    office = Office()
    done = _written(classified(a_verdict()), _desk(office))
    assert done.outcome is Outcome.SUGGESTED
    assert {result.target for result in done.results} == {"note:route"}
    [note] = _notes(office)
    assert "It only suggests: issue type card_payment, priority 3, queue payments." in note
    assert "confidence is not measured" in note


def test_in_the_sandbox_it_is_written_for_the_shipped_config_accepts_that() -> None:
    assert _set(_validated(classified(a_verdict()), _desk(Office(), place="embedded"))) == ALL


def _accepting(until: date, helpdesk: str = RT) -> Autonomy:
    accepted = Unmeasured.model_validate({"helpdesk": helpdesk, "by": "Ada", "until": until})
    return Autonomy(unmeasured=(accepted,))


@pytest.mark.parametrize(
    ("until", "helpdesk", "writes"),
    [
        (date(2026, 1, 2), "rt", True),
        (date(2026, 1, 1), "rt", False),  # the twins' clock stands at noon of that day
        (date(2026, 1, 2), "roundup", False),
    ],
    ids=["until tomorrow", "until today", "another helpdesk"],
)
def test_somebody_accepts_it_by_name_and_until_a_day(
    until: date, helpdesk: str, *, writes: bool
) -> None:
    desk = _desk(Office(), _accepting(until, helpdesk))
    assert _set(_validated(classified(a_verdict()), desk)) == (ALL if writes else {})


def test_a_model_that_was_right_often_enough_writes() -> None:
    desk = _desk(Office(), measures=_learnt(GOOD))
    assert _set(_validated(classified(answer=_measured(0.95)), desk)) == ALL


def test_a_score_that_is_too_low_is_for_a_dearer_model_and_then_a_person() -> None:
    """As a model's own doubts are."""
    desk = _desk(Office(tiers=only("openai/one")), measures=_learnt(GOOD))
    found = _validated(classified(answer=_measured(0.1, model="openai/one")), desk)
    assert isinstance(found, NeedsHuman)
    assert found.reason is ReviewReason.UNSURE
    assert "by 400 checked answers, not enough for 2.0% wrong" in found.why


def test_a_model_that_is_wrong_too_often_writes_nothing() -> None:
    desk = _desk(Office(tiers=only("openai/one")), measures=_learnt(BAD))
    answer = _measured(0.95, model="openai/one")
    assert isinstance(_validated(classified(answer=answer), desk), NeedsHuman)


def test_with_too_few_to_say_so_it_is_as_if_nobody_had_measured() -> None:
    desk = _desk(Office(), measures=_learnt(FEW))
    found = _validated(classified(answer=_measured(0.95)), desk)
    assert _set(found) == {}
    assert isinstance(found, Validated)
    told = [one.rule for one in found.decision.choices if one.field == "autonomy"]
    assert all("too few to say whether that is enough" in rule for rule in told)


def test_without_a_signal_what_was_learnt_says_nothing() -> None:
    desk = _desk(Office(), measures=_learnt(GOOD))
    assert _set(_validated(classified(a_verdict()), desk)) == {}


def test_each_field_is_as_sure_as_itself() -> None:
    desk = _desk(Office(), measures=_learnt(GOOD, BAD))
    found = _set(_validated(classified(answer=_measured(0.95)), desk))
    assert found == {"issue_type": "card_payment", "queue": "payments"}


def test_the_local_model_has_measured_itself() -> None:
    answer = an_answer(a_verdict(), model="local/baseline", signals=SURE)
    found = _set(_validated(classified(answer=answer), _desk(Office())))
    assert found == ALL


def _rules(**fields: str) -> Autonomy:
    accepted = _accepting(date(2027, 1, 1)).unmeasured
    return Autonomy.model_validate({"fields": fields, "unmeasured": accepted})


def test_a_field_that_is_off_is_neither_set_nor_suggested() -> None:
    office = Office()
    done = _written(classified(a_verdict()), _desk(office, _rules(priority="off")))
    assert {one.target for one in done.results} == {"issue_type", "queue", "note:route"}
    [note] = _notes(office)
    assert "priority 3" not in note
    assert done.outcome is Outcome.APPLIED


def test_a_field_that_is_to_be_suggested_stands_in_the_note_alone() -> None:
    office = Office()
    done = _written(classified(a_verdict()), _desk(office, _rules(queue="suggest")))
    assert {one.target for one in done.results} == {"issue_type", "priority", "note:route"}
    [note] = _notes(office)
    assert "It only suggests: queue payments." in note
    assert "policy.toml says suggest" in note


def test_an_issue_type_has_freedoms_of_its_own() -> None:
    rules = _rules().model_copy(update={"types": {"card_payment": {"queue": Freedom.SUGGEST}}})
    desk = _desk(Office(), rules)
    assert "queue" not in _set(_validated(classified(a_verdict()), desk))
    other = classified(a_verdict(issue_type="transfer"))
    assert "queue" in _set(_validated(other, desk))


def test_an_escalation_that_is_only_suggested_calls_nobody() -> None:
    text = an_escalation("theft", "My card was stolen last night", issue_type="security")
    case = classified(text.replace('"priority": 3', '"priority": 2'), ticket=STOLEN)
    office = Office(ticket=STOLEN)
    done = _written(case, _desk(office, _rules(escalated="suggest")))
    assert "escalated" not in {one.target for one in done.results}
    assert "note:escalation" not in {one.target for one in done.results}
    notes = "\n".join(_notes(office))
    assert "It would escalate this: theft" in notes


def test_an_escalation_needs_no_confidence_for_it_is_proven() -> None:
    text = an_escalation("theft", "My card was stolen last night", issue_type="security")
    case = classified(text.replace('"priority": 3', '"priority": 2'), ticket=STOLEN)
    assert _set(_validated(case, _desk(Office(ticket=STOLEN)))) == {"escalated": "theft"}


def test_in_suggest_mode_all_of_it_is_suggested() -> None:
    office = Office()
    desk = replace(_desk(office), mode=Mode.SUGGEST)
    done = _written(classified(a_verdict()), desk)
    assert {one.target for one in done.results} == {"note:suggestion"}
    [note] = _notes(office)
    assert "issue type card_payment, priority 3, queue payments" in note
