"""As far as a source is trusted: fields and notes, one note, or nothing."""

import asyncio
from dataclasses import replace

import pytest

from config.mode import Mode, more_careful
from tasks.case import Written
from tasks.causes import Cause
from tasks.decision import Choice, Decision, Escalation
from tasks.desk import Past
from tasks.detour import Detour, GiveUp
from tasks.errors import HelpdeskDown
from tasks.run import Outcome
from tasks.ticket import ExternalId
from tasks.write import write
from tests.twins.desk import Office
from tests.twins.helpdesk import PLAIN, Mishap
from tests.twins.ticket import a_ticket, validated

T1 = ExternalId("T-1")
QUOTE = "My card was stolen last night"
DECISION = Decision(
    issue_type="security",
    priority=1,
    queue="fraud",
    escalation=Escalation(criterion="theft", quote=QUOTE),
    draft="Thank you for writing.",
    choices=(
        Choice(field="issue_type", chosen="security", runner_up="card", rule="it says so"),
        Choice(field="queue", chosen="fraud", runner_up=None, rule="queue of security"),
    ),
)
TRIAGED = a_ticket(fields={"queue": "triage"})


def _write(office: Office, mode: Mode) -> Written | Detour:
    desk = replace(office.desk, mode=mode)
    return asyncio.run(write(validated(DECISION, office.ticket), desk))


def _done(office: Office, mode: Mode) -> Written:
    found = _write(office, mode)
    assert isinstance(found, Written), found
    return found


def test_a_suggestion_is_one_note_and_sets_no_field() -> None:
    office = Office(ticket=TRIAGED)
    assert _done(office, Mode.SUGGEST).outcome is Outcome.SUGGESTED
    assert office.helpdesk.values() == {"queue": "triage"}
    assert office.helpdesk.history[T1] == []
    suggestion, draft = office.helpdesk.posted()
    assert suggestion == (
        "Triage Fleet suggests, and changes nothing: "
        "issue type security, priority 1, queue fraud.\n"
        "- issue type: it says so; the next best was card\n"
        "- model openai/gpt-6-luna; more: triage ticket show T-1\n"
        f"It would escalate this: theft\nThe customer wrote: \u201c{QUOTE}\u201d"
    )
    assert draft.startswith("Suggested reply, not sent:")


def test_a_suggestion_says_where_a_person_has_chosen_otherwise() -> None:
    office = Office(ticket=TRIAGED)
    office.helpdesk.edit(T1, "queue", "vip", "Grace")
    _done(office, Mode.SUGGEST)
    assert "A person has chosen otherwise for queue." in office.helpdesk.posted()[0]


def test_a_decision_says_where_a_persons_choice_stays() -> None:
    office = Office(ticket=TRIAGED)
    office.helpdesk.edit(T1, "queue", "vip", "Grace")
    assert _done(office, Mode.AUTO).outcome is Outcome.PARTLY
    assert "A person has chosen queue: that stays." in office.helpdesk.posted()[0]


def test_in_shadow_the_helpdesk_is_not_even_asked() -> None:
    office = Office(ticket=TRIAGED)
    found = _done(office, Mode.SHADOW)
    assert (found.outcome, found.results) == (Outcome.SHADOW, ())
    assert office.trail == []
    assert office.journal.entries == []


def test_a_queue_that_is_gone_is_not_suggested_either() -> None:
    office = Office(ticket=TRIAGED)
    office.helpdesk.disabled.add("fraud")
    found = _write(office, Mode.SUGGEST)
    assert isinstance(found, GiveUp)
    assert found.cause is Cause.HELPDESK_REFUSED


@pytest.mark.parametrize("mode", [Mode.SUGGEST, Mode.SHADOW])
@pytest.mark.parametrize("mishap", [Mishap.LOST, Mishap.DEAF])
def test_what_was_begun_is_told_as_it_is_and_nothing_more_is_set(
    mode: Mode, mishap: Mishap
) -> None:
    """An operator has stopped the writing while an answer was lost."""
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    office.helpdesk.mishaps.append(mishap)
    with pytest.raises(HelpdeskDown):
        _write(office, Mode.AUTO)
    before = office.helpdesk.values()
    own = office.journal.entries[-1].writes
    office.journal.before = Past(key="tf-1", own=own, sent_until=office.clock.at)
    office.clock.at += 6.0
    found = _done(office, mode)
    assert office.helpdesk.values() == before
    told = {one.target: one.outcome for one in found.results if one.target in DECISION.fields()}
    arrived = mishap is Mishap.DEAF
    assert told == dict.fromkeys(DECISION.fields(), "applied" if arrived else "left")
    assert len(office.helpdesk.posted()) == (2 if mode is Mode.SUGGEST else 0)


def test_of_two_modes_the_more_careful_one_counts() -> None:
    order = [Mode.AUTO, Mode.SUGGEST, Mode.SHADOW]
    for number, one in enumerate(order):
        for other in order[number:]:
            assert more_careful(one, other) is more_careful(other, one) is other
