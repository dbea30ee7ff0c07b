"""Nothing that changes in a helpdesk is passed over, however its stamps fall together."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import HelpdeskDown, RateLimited, SourceDown
from tasks.ports.inbox import Choice
from tests.twins.feed import NOON, Brought, Desk, brought, poll, poll_as_far_as_it_goes
from worker.helpdesks.feed import Chosen, later
from worker.inboxes.live import LiveInbox


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("change"), st.integers(0, 9)),
            st.tuples(st.just("pass"), st.sampled_from([0, 1, 2, 30, 300])),
            st.tuples(st.just("poll"), st.integers(1, 7)),
            st.tuples(st.just("busy"), st.integers(0, 5)),
            st.tuples(st.just("break"), st.integers(0, 9)),
        ),
        max_size=60,
    )
)
def test_every_last_state_is_brought(steps: list[tuple[str, int]]) -> None:
    desk = Desk()
    inbox, position = LiveInbox(desk), None
    seen: Brought = set()
    rest = [
        ("calm", 0),
        ("poll", 7),
        ("pass", 300),
        ("poll", 7),
        ("poll", 7),
    ]  # what is uncertain takes its time
    for what, number in [*steps, *rest]:
        match what:
            case "change":
                desk.change(f"T-{number}")
            case "pass":
                desk.passes(number)
            case "busy":
                desk.answers = number
            case "break":
                desk.broken[f"T-{number}"] = HelpdeskDown("500")
            case "calm":
                desk.answers = None
                desk.broken.clear()
            case _:
                found, position, _ = poll_as_far_as_it_goes(inbox, position, limit=number)
                seen |= found
    assert {(ticket, str(version)) for ticket, version in desk.versions.items()} <= seen


def test_what_was_brought_does_not_come_again() -> None:
    desk = Desk()
    for number in range(10):
        desk.change(f"T-{number}")
    inbox = LiveInbox(desk)
    first, position = poll(inbox, None)
    assert len(first) == 10
    for seconds in (0, 1, 5, 100):
        desk.passes(seconds)
        again, position = poll(inbox, position)
        assert again == set()


def test_a_second_change_under_the_same_stamp_is_seen() -> None:
    desk = Desk()
    desk.change("T-1")
    inbox = LiveInbox(desk)
    _, position = poll(inbox, None)
    desk.change("T-1")
    desk.passes(100)
    assert poll(inbox, position)[0] == {("T-1", "2")}


def test_what_moves_to_the_end_pushes_nothing_over_a_pages_edge() -> None:
    desk = Desk()
    for number in range(9):
        desk.change(f"T-{number}")
        desk.passes(1)
    desk.moved_while_read = ["T-0"]
    assert {ticket for ticket, _ in poll(LiveInbox(desk), None)[0]} == set(desk.versions)


def test_a_ticket_that_was_closed_while_it_was_uncertain_is_forgotten() -> None:
    """Else all that came after it would be listed again at every poll, for ever."""
    desk = Desk()
    desk.change("T-1")
    inbox = LiveInbox(desk)
    _, position = poll(inbox, None)
    desk.closed.add("T-1")
    desk.passes(300)
    desk.change("T-2")
    desk.passes(300)
    for _ in range(2):
        _, position = poll(inbox, position)
    assert set(json.loads(position)["brought"]) == {"T-2"}


def test_a_first_poll_begins_now() -> None:
    desk = Desk()
    desk.change("old")
    desk.passes(1)
    inbox = LiveInbox(desk)
    start = inbox.start()
    assert poll(inbox, start)[0] == set()
    desk.change("new")
    assert poll(inbox, start)[0] == {("new", "1")}
    desk.change("old")
    assert poll(inbox, start)[0] == {("new", "1"), ("old", "2")}


def test_a_zone_in_which_changes_would_be_missed_is_refused() -> None:
    desk = Desk(zone=timedelta(hours=5))
    desk.change("T-1")
    with pytest.raises(SourceDown, match="UTC"):
        poll(LiveInbox(desk), None)


def test_a_helpdesk_that_is_away_is_a_source_that_is() -> None:
    desk = Desk(is_down=True)
    with pytest.raises(SourceDown, match="desk:here: nobody answers"):
        LiveInbox(desk).start()


def test_what_was_read_before_a_helpdesk_failed_is_brought() -> None:
    """Else one that takes fewer questions a minute than a page has would never be read."""
    desk = Desk()
    for number in range(10):
        desk.change(f"T-{number}")
    inbox, position = LiveInbox(desk), None
    for polls in range(1, 4):
        desk.answers = 3
        seen, position, why = poll_as_far_as_it_goes(inbox, position)
        assert len(seen) == 3
        assert isinstance(why and why.__cause__, RateLimited), polls
    desk.answers = None
    assert len(poll(inbox, position)[0]) == 1


def test_what_people_chose_comes_with_its_age_also_of_tickets_that_they_closed() -> None:
    """Once for each change; a closed ticket is no message, and nothing chosen is nothing said."""
    desk = Desk()
    inbox = LiveInbox(desk)
    position = inbox.start()
    for ticket in ("T-1", "T-2", "T-3"):
        desk.change(ticket)
    desk.closed = {"T-2"}
    fraud = Chosen(value="fraud", by="ada", at=later(NOON, timedelta(seconds=-5)))
    desk.chosen = {"T-1": {"queue": fraud}, "T-2": {"queue": Chosen(value="cards")}}
    page = inbox.read(position, limit=500)
    assert {ticket for ticket, _ in brought(page)} == {"T-1", "T-3"}
    assert [(one.ticket, one.choices) for one in page.standings] == [
        ("T-1", {"queue": Choice(value="fraud", by="ada", ago=5.0)}),
        ("T-2", {"queue": Choice(value="cards", by=None, ago=None)}),
    ]
    desk.passes(300)
    assert inbox.read(page.position, limit=500).standings == ()


def test_whoever_asks_for_old_tickets_gets_the_open_ones_alone() -> None:
    desk = Desk(closed={"T-2"})
    for ticket in ("T-1", "T-2"):
        desk.change(ticket)
        desk.chosen[ticket] = {"queue": Chosen(value="fraud")}
    page = LiveInbox(desk, since=NOON).read(None, limit=500)
    assert [one.ticket for one in page.standings] == ["T-1"]


@given(st.text())
def test_any_position_is_accepted(position: str) -> None:
    desk = Desk()
    desk.change("T-1")
    assert poll(LiveInbox(desk), position)[0] == {("T-1", "1")}
