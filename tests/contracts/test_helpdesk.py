"""What every helpdesk keeps: the port's promise, and the side of people and customers."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tasks.errors import OperatorError
from tasks.ports.helpdesk import FIELDS, FieldResult, FieldWrite, Gone, Helpdesk
from tasks.ticket import ExternalId, Requester, Ticket, Turn
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.memory import MemoryHelpdesk
from worker.helpdesks.shown import ShownTicket

AnyHelpdesk = EmbeddedHelpdesk | MemoryHelpdesk

T1 = ExternalId("T-1")
NOBODY = ExternalId("T-404")
SOURCE = "file:inbox.jsonl"


@pytest.fixture(params=["embedded", "memory"])
def helpdesk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyHelpdesk]:
    """A helpdesk with one open ticket, T-1, whose queue is `inbox`."""
    clock = StillClock()
    made: AnyHelpdesk = (
        EmbeddedHelpdesk(tmp_path / "helpdesk.db", clock)
        if request.param == "embedded"
        else MemoryHelpdesk(clock=clock)
    )
    made.deliver(a_ticket(fields={"queue": "inbox"}), source=SOURCE)
    yield made
    made.close()


def _write(
    helpdesk: Helpdesk, *, key: str = "R-1:fields", ticket: ExternalId = T1, **wanted: FieldWrite
) -> Mapping[str, FieldResult] | Gone:
    return asyncio.run(helpdesk.write(ticket, wanted, key=key))


def _note(helpdesk: Helpdesk, body: str, *, key: str, ticket: ExternalId = T1) -> Gone | None:
    return asyncio.run(helpdesk.add_note(ticket, body, key=key))


def _to(value: str, *, before: str | None = None) -> FieldWrite:
    return FieldWrite(before=before, value=value)


def _shown(helpdesk: AnyHelpdesk) -> ShownTicket:
    shown = helpdesk.show(T1)
    assert shown is not None
    return shown


def _ticket(helpdesk: AnyHelpdesk) -> Ticket:
    known = helpdesk.conversation(T1)
    assert known is not None
    return known.ticket


def test_a_field_that_holds_what_was_read_is_set(helpdesk: AnyHelpdesk) -> None:
    """The answer says for each field what it holds, and so does the ticket."""
    found = _write(helpdesk, queue=_to("payments", before="inbox"), issue_type=_to("cash"))
    assert found == {
        "queue": FieldResult(applied=True, holds="payments"),
        "issue_type": FieldResult(applied=True, holds="cash"),
    }
    assert _shown(helpdesk).fields == dict.fromkeys(FIELDS) | {
        "queue": "payments",
        "issue_type": "cash",
    }


def test_a_value_that_a_person_set_is_kept(helpdesk: AnyHelpdesk) -> None:
    """It is kept alone: the other fields of the same write are set."""
    helpdesk.edit(T1, "queue", "fraud", "ada")
    found = _write(helpdesk, queue=_to("payments", before="inbox"), issue_type=_to("cash"))
    assert found == {
        "queue": FieldResult(applied=False, holds="fraud"),
        "issue_type": FieldResult(applied=True, holds="cash"),
    }
    assert _shown(helpdesk).fields["queue"] == "fraud"


def test_a_value_that_a_person_took_away_is_not_put_back(helpdesk: AnyHelpdesk) -> None:
    """An emptied field is a person's as much as a filled one."""
    helpdesk.edit(T1, "queue", None, "ada")
    found = _write(helpdesk, queue=_to("payments", before="inbox"))
    assert found == {"queue": FieldResult(applied=False, holds=None)}


def test_a_value_that_a_person_has_chosen_too_is_applied(helpdesk: AnyHelpdesk) -> None:
    """Both wanted the same; nothing was kept from us, and nothing changes hands."""
    helpdesk.edit(T1, "queue", "payments", "ada")
    found = _write(helpdesk, queue=_to("payments", before="inbox"))
    assert found == {"queue": FieldResult(applied=True, holds="payments")}
    assert [change.author for change in _shown(helpdesk).history] == ["ada"]


def test_what_is_written_twice_is_written_once(helpdesk: AnyHelpdesk) -> None:
    """A repeated request answers as the first one did and leaves no second trace."""
    first = _write(helpdesk, queue=_to("payments", before="inbox"))
    again = _write(helpdesk, queue=_to("payments", before="inbox"))
    assert first == again
    assert len(_shown(helpdesk).history) == 1


def test_the_same_value_under_another_key_leaves_no_second_trace(helpdesk: AnyHelpdesk) -> None:
    """History tells changes; there was none."""
    _write(helpdesk, queue=_to("payments", before="inbox"))
    _write(helpdesk, queue=_to("payments", before="inbox"), key="R-2:fields")
    assert [change.key for change in _shown(helpdesk).history] == ["R-1:fields"]


def test_a_repeated_write_does_not_overrule_a_person_who_undid_it(helpdesk: AnyHelpdesk) -> None:
    """The field holds `before` again, but this write has had its turn."""
    _write(helpdesk, queue=_to("payments", before="inbox"))
    helpdesk.edit(T1, "queue", "inbox", "ada")
    found = _write(helpdesk, queue=_to("payments", before="inbox"))
    assert found == {"queue": FieldResult(applied=False, holds="inbox")}
    assert [change.author for change in _shown(helpdesk).history] == ["triage-fleet", "ada"]


def test_a_later_write_replaces_the_value_that_it_has_read(helpdesk: AnyHelpdesk) -> None:
    """Another revision of the ticket has a key of its own."""
    _write(helpdesk, queue=_to("payments", before="inbox"))
    found = _write(helpdesk, queue=_to("fraud", before="payments"), key="R-2:fields")
    assert found == {"queue": FieldResult(applied=True, holds="fraud")}


def test_a_write_of_nothing_answers_nothing(helpdesk: AnyHelpdesk) -> None:
    """An empty request is no error."""
    assert _write(helpdesk) == {}


@pytest.mark.parametrize("ticket", [T1, NOBODY])
def test_a_closed_or_unknown_ticket_is_gone(helpdesk: AnyHelpdesk, ticket: ExternalId) -> None:
    """It answers Gone, names itself, and nothing of it changes."""
    assert helpdesk.close_ticket(T1)
    before = _shown(helpdesk)
    answers = [
        _write(helpdesk, ticket=ticket, queue=_to("payments", before="inbox")),
        _note(helpdesk, "Look at this", key="R-1:note:draft", ticket=ticket),
    ]
    assert [ticket in answer.why for answer in answers if isinstance(answer, Gone)] == [True, True]
    assert helpdesk.show(T1) == before


def test_a_note_is_posted_once_for_each_key(helpdesk: AnyHelpdesk) -> None:
    """Whatever a repetition says: the note that people may have read stays as it is."""
    assert _note(helpdesk, "Escalated", key="R-1:note:escalation") is None
    assert _note(helpdesk, "A draft", key="R-1:note:draft") is None
    assert _note(helpdesk, "Escalated once more", key="R-1:note:escalation") is None
    assert [note.body for note in _shown(helpdesk).notes] == ["Escalated", "A draft"]


def test_the_machine_and_people_are_told_apart(helpdesk: AnyHelpdesk) -> None:
    """What the fleet writes says so and has a key; a person's edit has a name and none."""
    _note(helpdesk, "Escalated", key="R-1:note:escalation")
    _write(helpdesk, escalated=_to("yes"))
    helpdesk.edit(T1, "escalated", "no", "ada")
    shown = _shown(helpdesk)
    assert {note.author for note in shown.notes} == {"triage-fleet"}
    assert [(change.author, change.key) for change in shown.history] == [
        ("triage-fleet", "R-1:fields"),
        ("ada", None),
    ]


def test_a_ticket_is_shown_as_the_command_prints_it(helpdesk: AnyHelpdesk) -> None:
    """Fields, notes and history, the newest last, with moments in ISO 8601."""
    _write(helpdesk, queue=_to("payments", before="inbox"))
    helpdesk.edit(T1, "queue", "fraud", "ada")
    _note(helpdesk, "A draft", key="R-1:note:draft")
    noon = "2026-01-01T12:00:00.000+00:00"
    assert _shown(helpdesk).as_json() == {
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
                "key": "R-1:fields",
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


def test_a_ticket_delivered_again_changes_nothing(helpdesk: AnyHelpdesk) -> None:
    """A source may bring it as often as it likes: what was written since stays."""
    _write(helpdesk, queue=_to("payments", before="inbox"))
    before = _shown(helpdesk), _ticket(helpdesk)
    helpdesk.deliver(a_ticket(fields={"queue": "inbox"}), source=SOURCE)
    assert (_shown(helpdesk), _ticket(helpdesk)) == before


def test_a_conversation_that_went_on_gets_its_new_turns(helpdesk: AnyHelpdesk) -> None:
    """Each of them once, in order, and those with the same words as often as they were said."""
    turns = [
        Turn(author="agent", body="Which card was it?"),
        Turn(author="customer", body="Hello?"),
        Turn(author="customer", body="Hello?"),
    ]
    helpdesk.deliver(a_ticket(thread=tuple(turns[:2])), source=SOURCE)
    helpdesk.deliver(a_ticket(thread=tuple(turns)), source=SOURCE)
    helpdesk.deliver(a_ticket(thread=tuple(turns[:1])), source=SOURCE)
    assert list(_ticket(helpdesk).thread) == turns


def test_a_source_that_puts_the_newest_message_first_is_understood(helpdesk: AnyHelpdesk) -> None:
    """What the ticket was opened with has moved to the thread: it is no second message."""
    opened = a_ticket().body
    helpdesk.deliver(
        a_ticket("It was the blue one", thread=(Turn(author="customer", body=opened),)),
        source=SOURCE,
    )
    ticket = _ticket(helpdesk)
    assert ticket.body == opened
    assert [turn.body for turn in ticket.thread] == ["It was the blue one"]


def test_another_sources_ticket_of_the_same_name_is_left_alone(helpdesk: AnyHelpdesk) -> None:
    """Two customers' conversations are never mixed."""
    before = _ticket(helpdesk)
    stranger = Requester(email="eve@example.com")
    other = a_ticket("I am somebody else").model_copy(update={"requester": stranger})
    assert not helpdesk.deliver(other, source="file:other.jsonl")
    assert _ticket(helpdesk) == before


def test_a_reply_is_the_newest_of_what_the_customer_said(helpdesk: AnyHelpdesk) -> None:
    """It ends the thread; subject and body stay, so the ticket keeps its face."""
    before = _ticket(helpdesk)
    assert helpdesk.reply(T1, "It has happened again")
    ticket = _ticket(helpdesk)
    assert (ticket.subject, ticket.body) == (before.subject, before.body)
    assert ticket.thread[-1].body == "It has happened again"
    assert "It has happened again" in ticket.said()
    assert ticket.digest() != before.digest()


def test_what_a_person_chose_is_not_offered_to_the_next_triage(helpdesk: AnyHelpdesk) -> None:
    """A new revision may replace the source's values and our own, never a person's."""
    _write(helpdesk, queue=_to("payments", before="inbox"), priority=_to("3"))
    helpdesk.edit(T1, "queue", "fraud", "ada")
    assert _ticket(helpdesk).fields == {"priority": "3"}


@pytest.mark.parametrize("ticket", [T1, NOBODY])
def test_nobody_works_on_a_closed_or_unknown_ticket(
    helpdesk: AnyHelpdesk, ticket: ExternalId
) -> None:
    """Edits, replies and another closing say that they did nothing."""
    helpdesk.close_ticket(T1)
    before = _shown(helpdesk), _ticket(helpdesk)
    assert not helpdesk.edit(ticket, "queue", "fraud", "ada")
    assert not helpdesk.reply(ticket, "It has happened again")
    assert not helpdesk.close_ticket(ticket)
    assert (_shown(helpdesk), _ticket(helpdesk)) == before


def test_an_edit_that_changes_nothing_leaves_no_trace(helpdesk: AnyHelpdesk) -> None:
    """History tells changes."""
    assert helpdesk.edit(T1, "queue", "inbox", "ada")
    assert _shown(helpdesk).history == ()


def test_an_edit_of_what_is_no_field_says_which_there_are(helpdesk: AnyHelpdesk) -> None:
    """The operator is told what can be done."""
    with pytest.raises(OperatorError, match="issue_type, priority, queue, escalated"):
        helpdesk.edit(T1, "status", "closed", "ada")


def test_a_reply_without_words_is_refused(helpdesk: AnyHelpdesk) -> None:
    """It would be a revision that says nothing new."""
    with pytest.raises(OperatorError, match="without text"):
        helpdesk.reply(T1, " \n")
