"""What the customer said is what counts: as evidence, and to know a ticket again."""

import json

import pytest
from pydantic import ValidationError

from tasks.ticket import Ticket, Turn
from tests.twins.ticket import a_ticket

ASKED = Turn(author="customer", body="Where is my card?")
ANSWERED = Turn(author="agent", body="My card was stolen, said another customer.")


def test_the_customers_words_are_the_turns_the_subject_and_the_body() -> None:
    """Oldest first, and nothing that an agent wrote."""
    ticket = a_ticket("Still nothing", subject="Card", thread=(ASKED, ANSWERED))
    assert ticket.said() == ("Where is my card?", "Card", "Still nothing")


def test_blank_texts_are_not_said() -> None:
    """A subject of blanks proves nothing and weighs nothing."""
    assert a_ticket("Hello", subject="  \n").said() == ("Hello",)


def test_what_an_agent_writes_makes_no_new_revision() -> None:
    """Our own answer must not start the triage again."""
    before = a_ticket(thread=(ASKED,))
    after = a_ticket(thread=(ASKED, ANSWERED), fields={"queue": "payments"})
    assert before.digest() == after.digest()


def test_what_the_customer_writes_makes_a_new_revision() -> None:
    """A new turn, another body, a subject: each is new."""
    digests = {
        ticket.digest()
        for ticket in (
            a_ticket("One"),
            a_ticket("Two"),
            a_ticket("One", subject="Two"),
            a_ticket("One", thread=(ASKED,)),
        )
    }
    assert len(digests) == 4


def test_words_that_move_between_turns_are_another_saying() -> None:
    """The boundary between two turns is part of what was said."""
    assert a_ticket("b c", subject="a").digest() != a_ticket("c", subject="a b").digest()


def test_a_ticket_written_down_is_read_back_as_it_was() -> None:
    """The ledger keeps JSON; a takeover reads the same ticket from it."""
    ticket = a_ticket(
        "\u4f60\u597d", thread=(ASKED, ANSWERED), fields={"queue": "x"}, language="zh"
    )
    assert Ticket.model_validate_json(ticket.model_dump_json()) == ticket


def test_a_ticket_does_not_change() -> None:
    """What intake understood is what every stage sees."""
    with pytest.raises(ValidationError, match="frozen"):
        a_ticket().body = "other"  # type: ignore[misc]


def test_a_ticket_is_kept_as_a_version_that_knows_less_can_read_it() -> None:
    """Workers of the last version take it over while both are running."""
    ticket = a_ticket(thread=(Turn(author="agent", body="Which?"),))
    kept = json.loads(ticket.as_json())
    assert "quoted" not in kept
    assert kept["thread"] == [{"author": "agent", "body": "Which?"}]
    assert Ticket.model_validate(kept) == ticket
