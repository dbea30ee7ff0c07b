"""A ticket that its helpdesk cannot show keeps no other ticket waiting."""

import json

import pytest

from tasks.errors import CredentialRefused, HelpdeskDown, Rejected, SourceDown
from tests.twins.feed import Desk, brought, poll
from worker.inboxes.live import LiveInbox
from worker.inboxes.looking import IN_A_ROW
from worker.inboxes.position import TRIES

TROUBLES = (
    HelpdeskDown("500"),
    Rejected("418"),
    CredentialRefused("403", credential="TOKEN"),
    KeyError("Creator"),
)


def _desk(*tickets: str, **broken: Exception) -> Desk:
    desk = Desk(broken=broken)
    for ticket in tickets:
        desk.change(ticket)
        desk.passes(1)
    return desk


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("broken", ["A", "B", "C"])
def test_those_around_it_are_brought(trouble: Exception, broken: str) -> None:
    desk = _desk("A", "B", "C", **{broken: trouble})
    page = LiveInbox(desk).read(None, limit=500)
    assert {ticket for ticket, _ in brought(page)} == {"A", "B", "C"} - {broken}
    assert page.unread.keys() == {broken}


def test_it_is_brought_as_soon_as_it_can_be_read_however_long_that_takes() -> None:
    desk = _desk("A", "B", "C", B=HelpdeskDown("500"))
    inbox = LiveInbox(desk)
    _, position = poll(inbox, None)
    for _ in range(3 * TRIES):  # nothing else changes, so nobody knows whose trouble it is
        desk.passes(300)
        found, position = poll(inbox, position)
        assert found == set()
    desk.broken.clear()
    assert poll(inbox, position)[0] == {("B", "1")}
    assert json.loads(poll(inbox, position)[1])["unread"] == {}


def test_one_that_cannot_be_read_for_long_while_others_can_is_a_message_without_a_text() -> None:
    """Once, so that somebody hears of it; it is read again when it changes."""
    desk = Desk(broken={"B": HelpdeskDown("GET /ticket/B: 500")})
    inbox = LiveInbox(desk)
    position, told = inbox.start(), []
    desk.change("B")
    for number in range(2 * TRIES):
        desk.change(f"new-{number}")
        page = inbox.read(position, limit=500)
        position = page.position
        told += [one for one in page.messages if one.unread]
        desk.passes(300)
    [one] = told
    assert json.loads(one.raw) == {"id": "B", "changed": desk.stamps["B"]}
    assert "GET /ticket/B: 500" in (one.unread or "")
    desk.broken.clear()
    desk.change("B")
    assert poll(inbox, position)[0] == {("B", "2")}


def test_where_hardly_any_can_be_read_nobody_is_given_up() -> None:
    desk = _desk("A", "B", "C", A=HelpdeskDown("500"), B=HelpdeskDown("500"))
    inbox = LiveInbox(desk)
    _, position = poll(inbox, None)
    for _ in range(3 * TRIES):
        desk.change("C")
        page = inbox.read(position, limit=500)
        assert not any(one.unread for one in page.messages)
        position = page.position
        desk.passes(300)
    desk.broken.clear()
    assert poll(inbox, position)[0] >= {("A", "1"), ("B", "1")}


def test_a_helpdesk_that_shows_none_of_what_is_new_is_one_that_is_away() -> None:
    """And is asked no more often than it takes to find that out."""
    tickets = [f"T-{number}" for number in range(10 * IN_A_ROW)]
    desk = _desk(*tickets, **dict.fromkeys(tickets, HelpdeskDown("500")))
    with pytest.raises(SourceDown, match="500"):
        LiveInbox(desk).read(None, limit=500)
    assert desk.looks <= IN_A_ROW + 2 * desk.parallel


def test_one_that_goes_away_in_the_middle_brings_what_came_before() -> None:
    tickets = [f"T-{number:03}" for number in range(10 * IN_A_ROW)]
    desk = _desk(*tickets, **dict.fromkeys(tickets[5:], HelpdeskDown("away")))
    inbox = LiveInbox(desk)
    page = inbox.read(None, limit=500)
    assert {ticket for ticket, _ in brought(page)} == set(tickets[:5])
    assert page.more
    assert page.unread == {}
    desk.broken.clear()
    assert {ticket for ticket, _ in poll(inbox, page.position)[0]} == set(tickets[5:])


def test_of_many_that_cannot_be_read_each_is_tried_again_and_given_up_at_last() -> None:
    """Also where they are so many that at first sight the helpdesk was away."""
    broken = [f"B-{number}" for number in range(3 * IN_A_ROW)]
    desk = Desk(broken=dict.fromkeys(broken, CredentialRefused("403", credential="TOKEN")))
    inbox = LiveInbox(desk)
    position, given_up = inbox.start(), set[str]()
    for number, ticket in enumerate(broken):
        desk.change(ticket)
        if number % 4 == 3:  # others come in between
            desk.change(f"new-{number}")
        desk.passes(1)
    for number in range(6 * TRIES):
        for one in range(IN_A_ROW):
            desk.change(f"well-{number}-{one}")
        page = inbox.read(position, limit=500)
        position = page.position
        given_up |= {json.loads(one.raw)["id"] for one in page.messages if one.unread}
        desk.passes(300)
    assert given_up == set(broken)


def test_a_position_of_before_there_were_any_is_read() -> None:
    desk = _desk("A", "B")
    inbox = LiveInbox(desk)
    before = json.loads(poll(inbox, None)[1])
    del before["unread"]
    assert poll(inbox, json.dumps(before))[0] == set()
