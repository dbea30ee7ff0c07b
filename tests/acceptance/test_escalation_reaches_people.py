"""A person is called when the customer's own words prove a criterion, and only then."""

from typing import Any

import pytest

from tasks.causes import Cause
from tasks.run import Outcome, State
from tests.acceptance.hosted import Hosted, says
from worker.carrying.notebook import write_key
from worker.simulator.answer import Answer

pytestmark = pytest.mark.timeout(90)

TOLD = "Somebody stole my card on the train this morning. What will you do about it?"
QUOTE = "stole my card on the train"
THREAD = [{"author": "agent", "body": "So the thief has stolen your card and your phone too?"}]


def _escalates(*evidence: tuple[str, str], **changed: Any) -> Answer:  # noqa: ANN401 - a verdict's
    pieces = [{"criterion": criterion, "quote": quote} for criterion, quote in evidence]
    usual = {"issue_type": "security", "priority": 2, "escalate": True, "evidence": pieces}
    return says(**(usual | changed))


def test_a_proven_escalation_writes_the_field_and_one_note(hosted: Hosted) -> None:
    run = hosted.triaged(_escalates(("theft", QUOTE)), body=TOLD)
    assert (run.state, run.outcome) == (State.WRITTEN, Outcome.APPLIED)
    shown = hosted.shown(run.external_id)
    assert shown.fields == {
        "issue_type": "security",
        "priority": "2",
        "queue": "fraud",
        "escalated": "theft",
    }
    _route, note = shown.notes
    assert (note.key, note.author) == (f"{write_key(run)}:note:escalation", "triage-fleet")
    assert "theft" in note.body
    assert QUOTE in note.body


def test_typographers_quotes_and_capitals_prove_as_well(hosted: Hosted) -> None:
    """Models tidy up what they copy; no word of it may differ."""
    told = "I don\u2019t know who, but somebody  STOLE my card\non the train."
    run = hosted.triaged(_escalates(("theft", "somebody stole my card on")), body=told)
    assert hosted.shown(run.external_id).fields["escalated"] == "theft"


UNPROVEN = {
    "an invented quote": _escalates(("theft", "stole my wallet on the train")),
    "a word of it changed": _escalates(("theft", "stole my cards on the train")),
    "the end of a word": _escalates(("theft", "ole my card on the train")),
    "one word": _escalates(("theft", "stole")),
    "three words": _escalates(("theft", "stole my card")),
    "a question": _escalates(("theft", "What will you do about it")),
    "the wrong criterion": _escalates(("legal_threat", QUOTE)),
    "another type's criterion": _escalates(("theft", QUOTE), issue_type="exchange", priority=4),
    "a criterion that there is not": _escalates(("fire", QUOTE)),
    "no evidence": _escalates(),
    "one piece of two": _escalates(("theft", QUOTE), ("theft", "and then he hit me hard")),
    "an agent's words": _escalates(("theft", "stolen your card and your phone")),
}


@pytest.mark.parametrize("answer", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_an_unproven_escalation_never_reaches_the_helpdesk(hosted: Hosted, answer: Answer) -> None:
    run = hosted.triaged(answer, body=TOLD, thread=THREAD)
    assert (run.state, run.reason) == (State.DEAD, Cause.UNPROVEN_ESCALATION)
    assert len(hosted.asked(run)) == 1
    assert hosted.is_untouched(run)


def test_a_case_that_the_customer_only_imagines_calls_nobody(hosted: Hosted) -> None:
    told = "What happens if somebody stole my card on the train?"
    run = hosted.triaged(_escalates(("theft", "somebody stole my card on the train")), body=told)
    assert (run.state, run.reason) == (State.DEAD, Cause.UNPROVEN_ESCALATION)
    assert hosted.is_untouched(run)


def test_evidence_without_an_escalation_calls_nobody(hosted: Hosted) -> None:
    run = hosted.triaged(_escalates(("theft", QUOTE), escalate=False), body=TOLD)
    shown = hosted.shown(run.external_id)
    assert (run.state, shown.fields["escalated"]) == (State.WRITTEN, None)
    assert [note.key.partition(":")[2] for note in shown.notes] == ["note:route"]
