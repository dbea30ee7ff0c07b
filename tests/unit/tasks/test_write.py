"""The intent is written down, then the request is sent; a person's value is never overwritten."""

import asyncio

import pytest

from tasks.case import Written
from tasks.causes import Cause, DropCause
from tasks.decision import Choice, Decision, Escalation
from tasks.desk import Past
from tasks.detour import Detour, Drop, GiveUp
from tasks.events import Kind
from tasks.ports.ledger import Intent
from tasks.run import Outcome, RunId
from tasks.ticket import ExternalId
from tasks.write import write
from tests.twins.desk import Office, shipped
from tests.twins.ticket import a_ticket, validated

QUOTE = "My card was stolen last night"


def _decision(*, escalated: bool = False, draft: str | None = None) -> Decision:
    return Decision(
        issue_type="security",
        priority=1,
        queue="fraud",
        escalation=Escalation(criterion="theft", quote=QUOTE) if escalated else None,
        draft=draft,
        choices=(Choice(field="queue", chosen="fraud", runner_up=None, rule="queue of security"),),
    )


FULL = _decision(escalated=True, draft="Thank you for writing.")
BARE = _decision()


SILENT = shipped().policy.model_copy(update={"route_note": False})
T1 = ExternalId("T-1")
TRIAGED = a_ticket(fields={"queue": "triage"})
"""A ticket that somebody's form has put into a queue before intake read it."""


def _write(decision: Decision, office: Office) -> Written | Detour:
    return asyncio.run(write(validated(decision, office.ticket), office.desk))


def _written(decision: Decision, office: Office) -> Written:
    found = _write(decision, office)
    assert isinstance(found, Written), found
    return found


def test_a_decision_is_in_the_helpdesk_afterwards() -> None:
    """Its fields and a note of it, and nothing else."""
    office = Office()
    assert _written(BARE, office).outcome is Outcome.APPLIED
    assert office.helpdesk.values() == BARE.fields()
    [note] = office.helpdesk.posted()
    assert note.startswith("Triage Fleet decided: issue type security, priority 1, queue fraud.")


def test_the_intent_is_written_down_before_the_first_request() -> None:
    """Whatever a crash leaves in the helpdesk can be found from the ledger."""
    office = Office()
    _written(FULL, office)
    assert office.trail == [
        "looked",
        "recorded intended",
        "set escalated, issue_type, priority, queue",
        "looked",
        "posted a note",
        "posted a note",
        "posted a note",
        "looked for traces",
    ]


def test_the_intent_names_every_write_with_its_key_and_what_was_there_before() -> None:
    """Recall restores the pre-image from it."""
    office = Office(ticket=TRIAGED)
    _written(FULL, office)
    (entry,) = office.journal.entries
    assert entry.kind is Kind.INTENDED
    assert {write.target: (write.before, write.wanted) for write in entry.writes} == {
        "issue_type": (None, "security"),
        "priority": (None, "1"),
        "queue": ("triage", "fraud"),
        "escalated": (None, "theft"),
        "note:route": (None, None),
        "note:escalation": (None, None),
        "note:draft": (None, None),
    }
    assert entry.body["keys"] == [write.key for write in entry.writes]
    assert len({write.key for write in entry.writes}) == 7
    assert {write.outcome for write in entry.writes} == {None}


def test_an_intent_holds_no_word_of_a_note() -> None:
    """The customer's words are in the texts, which are encrypted."""
    office = Office()
    _written(FULL, office)
    (entry,) = office.journal.entries
    assert QUOTE not in str(entry.body)
    assert QUOTE not in str(entry.writes)
    assert QUOTE in entry.texts["note_escalation"]


def test_an_escalation_is_a_field_and_one_note_with_criterion_and_quote() -> None:
    """A colleague sees at once why a person was called."""
    office = Office(policy=SILENT)
    _written(_decision(escalated=True), office)
    assert office.helpdesk.values()["escalated"] == "theft"
    (note,) = office.helpdesk.posted()
    assert "theft" in note
    assert QUOTE in note


def test_a_draft_is_a_note_and_is_not_sent() -> None:
    """It says so itself."""
    office = Office(policy=SILENT)
    _written(_decision(draft="Dear Ada"), office)
    (note,) = office.helpdesk.posted()
    assert note == "Suggested reply, not sent:\nDear Ada"


def test_a_value_that_a_person_put_there_is_kept() -> None:
    """Somebody moved the ticket after intake had read it: partly, and the rest is written."""
    office = Office(ticket=TRIAGED)
    office.helpdesk.edit(T1, "queue", "vip", "Grace")
    found = _written(BARE, office)
    assert found.outcome is Outcome.PARTLY
    assert office.helpdesk.values() == BARE.fields() | {"queue": "vip"}
    results = {result.target: (result.outcome, result.holds) for result in found.results}
    assert results["queue"] == ("kept", "vip")
    assert results["priority"] == ("applied", "1")


def test_a_value_that_intake_saw_may_be_replaced() -> None:
    """It is what the helpdesk's own form put there."""
    office = Office(ticket=TRIAGED)
    assert _written(BARE, office).outcome is Outcome.APPLIED
    assert office.helpdesk.values()["queue"] == "fraud"


def test_a_field_that_a_person_filled_where_there_was_none_is_kept() -> None:
    """Empty is a value too: who filled it decided something."""
    office = Office()
    office.helpdesk.edit(T1, "priority", "4", "Grace")
    found = _written(BARE, office)
    assert found.outcome is Outcome.PARTLY
    assert office.helpdesk.values()["priority"] == "4"


def test_a_ticket_that_is_gone_is_dropped_and_nothing_is_posted() -> None:
    """Closed or deleted meanwhile: nobody needs this run any more, and nothing was intended."""
    office = Office()
    office.helpdesk.close_ticket(T1)
    assert _write(FULL, office) == Drop(cause=DropCause.GONE, why="T-1 is closed")
    assert office.helpdesk.values() == {}
    assert office.helpdesk.posted() == []
    assert office.journal.entries == []


def test_a_ticket_that_goes_between_two_requests_is_dropped() -> None:
    """The fields were written, the note finds nobody; the record says so of each."""
    office = Office()
    office.helpdesk.closes_after = 1
    found = _write(FULL, office)
    assert isinstance(found, Drop)
    assert office.helpdesk.values()["queue"] == "fraud"
    assert office.helpdesk.posted() == []
    assert {write.target: write.outcome for write in found.writes} == {
        **dict.fromkeys(FULL.fields(), "applied"),
        "note:route": "gone",
        "note:escalation": "gone",
        "note:draft": "gone",
    }


def test_a_value_that_is_there_already_is_left_and_is_not_ours() -> None:
    """Somebody chose the same: there is nothing to write, and later nothing to take back."""
    office = Office()
    office.helpdesk.edit(T1, "queue", "fraud", "Grace")
    found = _written(BARE, office)
    assert found.outcome is Outcome.APPLIED
    assert {result.target: result.outcome for result in found.results}["queue"] == "already"
    assert [c.author for c in office.helpdesk.history[T1] if c.field == "queue"] == ["Grace"]


def test_every_request_bears_the_key_of_the_revision() -> None:
    """Two notes under one key would be one note."""
    office = Office()
    _written(FULL, office)
    notes = [f"tf-1:note:{name}" for name in ("route", "escalation", "draft")]
    assert office.helpdesk.keys == ["tf-1", *notes]


def _older(target: str, outcome: str | None, *, before: str | None, wanted: str) -> Intent:
    return Intent(
        key=f"R-0:{target}",
        run=RunId("R-0"),
        target=target,
        before=before,
        wanted=wanted,
        outcome=outcome,
    )


def _wrote_before(office: Office, *earlier: Intent) -> None:
    office.journal.before = Past(key="tf-1", earlier=earlier)


@pytest.mark.parametrize("held", ["triage", "cards"])
def test_what_an_older_revision_may_or_may_not_have_written_may_be_replaced(held: str) -> None:
    """It was superseded while nobody knew what had become of its request."""
    office = Office(ticket=TRIAGED)
    _wrote_before(office, _older("queue", None, before="triage", wanted="cards"))
    office.helpdesk.fields[T1]["queue"] = held
    assert _written(BARE, office).outcome is Outcome.APPLIED
    assert office.helpdesk.values()["queue"] == "fraud"


@pytest.mark.parametrize(("was", "outcome"), [("cards", Outcome.APPLIED), ("x", Outcome.PARTLY)])
def test_what_an_older_revision_found_there_already(was: str, outcome: Outcome) -> None:
    """It was ours from before, or a person's who had chosen the same."""
    office = Office(ticket=TRIAGED)
    _wrote_before(office, _older("queue", "already", before=was, wanted="cards"))
    office.helpdesk.fields[T1]["queue"] = "cards"
    assert _written(BARE, office).outcome is outcome


def test_what_an_older_revision_wrote_may_be_replaced() -> None:
    """A source that knows nothing of the helpdesk's fields brings the customer's next message."""
    office = Office(ticket=TRIAGED)
    _wrote_before(office, _older("queue", "applied", before="triage", wanted="cards"))
    asyncio.run(office.helpdesk.set_fields(T1, {"queue": "cards"}, key="tf-0", version="0"))
    assert _written(BARE, office).outcome is Outcome.APPLIED
    assert office.helpdesk.values()["queue"] == "fraud"


def test_what_a_person_put_over_an_older_revisions_value_is_kept() -> None:
    """Though the source has read the person's value by now."""
    office = Office(ticket=a_ticket(fields={"queue": "vip"}))
    _wrote_before(office, _older("queue", "applied", before="triage", wanted="cards"))
    assert _written(BARE, office).outcome is Outcome.PARTLY
    assert office.helpdesk.values()["queue"] == "vip"


def test_what_an_older_revision_kept_is_kept_again() -> None:
    """Having read a person's value makes it no less a person's."""
    office = Office(ticket=a_ticket(fields={"queue": "vip"}))
    _wrote_before(office, _older("queue", "kept", before="triage", wanted="cards"))
    assert _written(BARE, office).outcome is Outcome.PARTLY
    assert office.helpdesk.values()["queue"] == "vip"


def test_a_queue_that_somebody_has_disabled_is_not_written_nor_anything_else() -> None:
    """Half of a decision would be worse than none; a person has to say where it goes."""
    office = Office(ticket=TRIAGED)
    office.helpdesk.disabled.add("fraud")
    found = _write(FULL, office)
    assert found == GiveUp(cause=Cause.HELPDESK_REFUSED, why="queue fraud is disabled")
    assert office.helpdesk.values() == {"queue": "triage"}
    assert office.journal.entries == []
