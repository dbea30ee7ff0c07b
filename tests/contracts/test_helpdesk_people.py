"""What our own helpdesks keep for people and customers."""

import asyncio

import pytest

from tasks.errors import OperatorError
from tasks.ticket import ExternalId, Requester, Turn
from tests.contracts.desks import NOBODY, SOURCE, T1, AnyHelpdesk, set_to, shown, ticket_of
from tests.twins.ticket import a_ticket


def test_a_ticket_delivered_again_changes_nothing(helpdesk: AnyHelpdesk) -> None:
    """A source may bring it as often as it likes: what was written since stays."""
    set_to(helpdesk, queue="payments")
    before = shown(helpdesk), ticket_of(helpdesk)
    helpdesk.deliver(a_ticket(fields={"queue": "inbox"}), source=SOURCE)
    assert (shown(helpdesk), ticket_of(helpdesk)) == before


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
    assert list(ticket_of(helpdesk).thread) == turns


def test_a_source_that_puts_the_newest_message_first_is_understood(helpdesk: AnyHelpdesk) -> None:
    """What the ticket was opened with has moved to the thread: it is no second message."""
    opened = a_ticket().body
    helpdesk.deliver(
        a_ticket("It was the blue one", thread=(Turn(author="customer", body=opened),)),
        source=SOURCE,
    )
    ticket = ticket_of(helpdesk)
    assert ticket.body == opened
    assert [turn.body for turn in ticket.thread] == ["It was the blue one"]


def test_another_sources_ticket_of_the_same_name_is_left_alone(helpdesk: AnyHelpdesk) -> None:
    """Two customers' conversations are never mixed."""
    before = ticket_of(helpdesk)
    stranger = Requester(email="eve@example.com")
    other = a_ticket("I am somebody else").model_copy(update={"requester": stranger})
    assert not helpdesk.deliver(other, source="file:other.jsonl")
    assert ticket_of(helpdesk) == before


def test_a_reply_is_the_newest_of_what_the_customer_said(helpdesk: AnyHelpdesk) -> None:
    """It ends the thread; subject and body stay, so the ticket keeps its face."""
    before = ticket_of(helpdesk)
    assert helpdesk.reply(T1, "It has happened again")
    ticket = ticket_of(helpdesk)
    assert (ticket.subject, ticket.body) == (before.subject, before.body)
    assert ticket.thread[-1].body == "It has happened again"
    assert "It has happened again" in ticket.said()
    assert ticket.digest() != before.digest()


def test_what_a_person_chose_is_not_offered_to_the_next_triage(helpdesk: AnyHelpdesk) -> None:
    """A new revision may replace the source's values and our own, never a person's."""
    set_to(helpdesk, queue="payments", priority="3")
    helpdesk.edit(T1, "queue", "fraud", "ada")
    assert ticket_of(helpdesk).fields == {"priority": "3"}


@pytest.mark.parametrize("ticket", [T1, NOBODY])
def test_nobody_works_on_a_closed_or_unknown_ticket(
    helpdesk: AnyHelpdesk, ticket: ExternalId
) -> None:
    """Edits, replies and another closing say that they did nothing."""
    helpdesk.close_ticket(T1)
    before = shown(helpdesk), ticket_of(helpdesk)
    assert not helpdesk.edit(ticket, "queue", "fraud", "ada")
    assert not helpdesk.reply(ticket, "It has happened again")
    assert not helpdesk.close_ticket(ticket)
    assert (shown(helpdesk), ticket_of(helpdesk)) == before


def test_an_edit_that_changes_nothing_leaves_no_trace(helpdesk: AnyHelpdesk) -> None:
    """History tells changes."""
    assert helpdesk.edit(T1, "queue", "inbox", "ada")
    assert shown(helpdesk).history == ()


def test_an_edit_of_what_is_no_field_says_which_there_are(helpdesk: AnyHelpdesk) -> None:
    """The operator is told what can be done."""
    with pytest.raises(OperatorError, match="issue_type, priority, queue, escalated"):
        helpdesk.edit(T1, "status", "closed", "ada")


def test_a_reply_without_words_is_refused(helpdesk: AnyHelpdesk) -> None:
    """It would be a revision that says nothing new."""
    with pytest.raises(OperatorError, match="without text"):
        helpdesk.reply(T1, " \n")


def test_a_note_moves_no_version(helpdesk: AnyHelpdesk) -> None:
    """A write after it is as good as one before."""
    before = asyncio.run(helpdesk.look(T1))
    asyncio.run(helpdesk.post_note(T1, "A draft", key="R-1:note:draft"))
    assert asyncio.run(helpdesk.look(T1)) == before


def test_a_ticket_is_shown_as_the_command_prints_it(helpdesk: AnyHelpdesk) -> None:
    """Fields, notes and history, the newest last, with moments in ISO 8601."""
    set_to(helpdesk, queue="payments")
    helpdesk.edit(T1, "queue", "fraud", "ada")
    asyncio.run(helpdesk.post_note(T1, "A draft", key="R-1:note:draft"))
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
