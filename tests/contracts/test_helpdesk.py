"""What every helpdesk keeps of the port's promise."""

import asyncio

import pytest

from tasks.ports.helpdesk import FIELDS, Gone, Moved
from tasks.ticket import ExternalId
from tests.contracts.desks import NOBODY, T1, AnyHelpdesk, look, note, set_to, shown, traces


def test_what_is_set_is_there_at_the_next_look(helpdesk: AnyHelpdesk) -> None:
    assert look(helpdesk).fields == dict.fromkeys(FIELDS) | {"queue": "inbox"}
    assert set_to(helpdesk, queue="payments", issue_type="cash") is None
    expected = dict.fromkeys(FIELDS) | {"queue": "payments", "issue_type": "cash"}
    assert look(helpdesk).fields == shown(helpdesk).fields == expected


def test_what_is_set_twice_leaves_no_second_trace(helpdesk: AnyHelpdesk) -> None:
    """History tells changes; there was none."""
    for key in ("tf-1", "tf-1", "tf-2"):
        assert set_to(helpdesk, queue="payments", key=key) is None
    assert [change.key for change in shown(helpdesk).history] == ["tf-1:queue"]


@pytest.mark.parametrize(("field", "value"), [("queue", "fraud"), ("priority", "1")])
def test_every_change_of_a_field_moves_the_version(
    helpdesk: AnyHelpdesk, field: str, value: str
) -> None:
    """Whoever made it: a write for what was seen before is then refused, and changes nothing."""
    seen = look(helpdesk)
    helpdesk.edit(T1, field, value, "ada")
    before = shown(helpdesk)
    assert set_to(helpdesk, seen=seen, issue_type="cash") == Moved()
    assert shown(helpdesk) == before
    assert set_to(helpdesk, issue_type="cash") is None


def test_a_note_moves_no_version(helpdesk: AnyHelpdesk) -> None:
    seen = look(helpdesk)
    note(helpdesk, "A draft", key="tf-1:note:draft")
    assert set_to(helpdesk, seen=seen, issue_type="cash") is None


def test_a_helpdesk_without_conditions_takes_what_comes_last(plain: AnyHelpdesk) -> None:
    seen = look(plain)
    plain.edit(T1, "queue", "fraud", "ada")
    assert set_to(plain, seen=seen, queue="payments") is None
    assert look(plain).fields["queue"] == "payments"


def test_a_helpdesk_without_tokens_takes_notes_as_often_as_they_come(plain: AnyHelpdesk) -> None:
    for _ in range(2):
        note(plain, "A draft", key="tf-1:note:draft")
    assert traces(plain) == {"tf-1:note:draft": 2}


def test_traces_tell_what_was_done_under_a_key(helpdesk: AnyHelpdesk) -> None:
    """Whatever was done to it since, and on a closed ticket too."""
    assert traces(helpdesk) == {}
    set_to(helpdesk, queue="payments")
    note(helpdesk, "A draft", key="tf-1:note:draft")
    note(helpdesk, "Another", key="tf-10:note:draft")
    helpdesk.edit(T1, "queue", "fraud", "ada")
    set_to(helpdesk, priority="1", key="tf-2")
    helpdesk.close_ticket(T1)
    assert traces(helpdesk) == {"tf-1:queue": 1, "tf-1:note:draft": 1}


def test_a_ticket_that_nobody_knows_has_no_traces(helpdesk: AnyHelpdesk) -> None:
    assert asyncio.run(helpdesk.traces(NOBODY, key="tf-1")).counts == {}


@pytest.mark.parametrize("ticket", [T1, NOBODY])
def test_a_closed_or_unknown_ticket_is_gone(helpdesk: AnyHelpdesk, ticket: ExternalId) -> None:
    """It answers Gone, names itself, and nothing of it changes."""
    assert helpdesk.close_ticket(T1)
    before = shown(helpdesk)
    answers = [
        asyncio.run(helpdesk.look(ticket)),
        asyncio.run(helpdesk.set_fields(ticket, {"queue": "x"}, key="tf-1", version="0")),
        note(helpdesk, "Look at this", key="tf-1:note:draft", ticket=ticket),
    ]
    assert [ticket in answer.why for answer in answers if isinstance(answer, Gone)] == [True] * 3
    assert helpdesk.show(T1) == before


def test_a_note_is_posted_once_for_each_key(helpdesk: AnyHelpdesk) -> None:
    """Whatever a repetition says: the note that people may have read stays as it is."""
    assert note(helpdesk, "Escalated", key="R-1:note:escalation") is None
    assert note(helpdesk, "A draft", key="R-1:note:draft") is None
    assert note(helpdesk, "Escalated once more", key="R-1:note:escalation") is None
    assert [note.body for note in shown(helpdesk).notes] == ["Escalated", "A draft"]


def test_the_machine_and_people_are_told_apart(helpdesk: AnyHelpdesk) -> None:
    """What the fleet writes says so and has a key; a person's edit has a name and none."""
    note(helpdesk, "Escalated", key="R-1:note:escalation")
    set_to(helpdesk, escalated="yes")
    helpdesk.edit(T1, "escalated", "no", "ada")
    seen = shown(helpdesk)
    assert {note.author for note in seen.notes} == {"triage-fleet"}
    assert [(change.author, change.key) for change in seen.history] == [
        ("triage-fleet", "tf-1:escalated"),
        ("ada", None),
    ]


def test_a_ticket_is_shown_as_the_command_prints_it(helpdesk: AnyHelpdesk) -> None:
    """Fields, notes and history, the newest last, with moments in ISO 8601."""
    set_to(helpdesk, queue="payments")
    helpdesk.edit(T1, "queue", "fraud", "ada")
    note(helpdesk, "A draft", key="R-1:note:draft")
    noon = "2026-01-01T12:00:00.000+00:00"
    assert shown(helpdesk).as_json() == {
        "fields": {"issue_type": None, "priority": None, "queue": "fraud", "escalated": None},
        "notes": [
            {"key": "R-1:note:draft", "author": "triage-fleet", "body": "A draft", "at": noon}
        ],
        "history": [
            {
                "at": noon,
                "author": "triage-fleet",
                "field": "queue",
                "from": "inbox",
                "to": "payments",
                "key": "tf-1:queue",
            },
            {
                "at": noon,
                "author": "ada",
                "field": "queue",
                "from": "payments",
                "to": "fraud",
                "key": None,
            },
        ],
    }


def test_a_ticket_that_nobody_brought_is_not_shown(helpdesk: AnyHelpdesk) -> None:
    """There is nothing to show and nothing to tell."""
    assert helpdesk.show(NOBODY) is None
    assert helpdesk.conversation(NOBODY) is None
