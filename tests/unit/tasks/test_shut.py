"""A ticket that is closed under our hands: what is recorded of each write is what its history has.

Whatever the record then says was not written, a recall would leave standing.
"""

import asyncio
from collections.abc import Collection
from itertools import count

import pytest

from tasks.detour import Drop
from tasks.ports.helpdesk import Gone
from tasks.ports.ledger import Intent
from tasks.ticket import ExternalId
from tasks.write import write
from tests.twins.desk import Office
from tests.twins.helpdesk import PLAIN
from tests.twins.ticket import DECISION, a_ticket, validated

T1 = ExternalId("T-1")
NOTES = ("note:escalation", "note:route", "note:draft")
EVERYTHING = 4  # requests: the fields and each note


@pytest.fixture(params=["full", "plain"])
def office(request: pytest.FixtureRequest) -> Office:
    ticket = a_ticket(fields={"queue": "triage"})
    return (
        Office(ticket=ticket)
        if request.param == "full"
        else Office(ticket=ticket, capabilities=PLAIN)
    )


def _dropped(office: Office) -> Drop:
    found = asyncio.run(write(validated(DECISION, office.ticket), office.desk))
    assert isinstance(found, Drop), found
    return found


def _there(office: Office) -> set[str]:
    desk = office.helpdesk
    keys = (*(one.key for one in desk.history[T1]), *(one.key for one in desk.notes[T1]))
    return {key for key in keys if key}


def _applied(writes: Collection[Intent]) -> set[str]:
    assert {one.outcome for one in writes} <= {"applied", "gone"}
    return {one.key for one in writes if one.outcome == "applied"}


def _expect_what_is_there(office: Office, found: Drop) -> None:
    meant = {one.key for entry in office.journal.entries for one in entry.writes}
    assert {one.key for one in found.writes} == meant
    assert _applied(found.writes) == _there(office)


@pytest.mark.parametrize("requests", range(EVERYTHING))
def test_what_was_sent_until_then_is_told(office: Office, requests: int) -> None:
    office.helpdesk.closes_after = requests
    found = _dropped(office)
    _expect_what_is_there(office, found)
    notes = max(0, requests - 1)
    assert sum(one.target in NOTES for one in found.writes if one.outcome == "applied") == notes


def test_a_close_between_our_change_and_our_second_look(office: Office) -> None:
    """The change has taken effect, whatever the look says of the ticket."""
    look, looks = office.helpdesk.look, count()

    async def closed_first(ticket: ExternalId) -> object:
        if next(looks) == 1:
            office.helpdesk.close_ticket(T1)
        return await look(ticket)

    office.helpdesk.look = closed_first  # type: ignore[assignment,method-assign]
    found = _dropped(office)
    _expect_what_is_there(office, found)
    assert {one.target for one in found.writes if one.outcome == "applied"} == {*DECISION.fields()}


def test_what_somebody_sent_who_was_frozen_before_us(office: Office) -> None:
    """It wakes when we have looked for its traces, and people close the ticket then."""
    post = office.helpdesk.post_note
    done: list[str] = []

    async def woken_first(ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        if not done:
            done.append(key)
            for name in NOTES:
                await post(ticket, "the same", key=f"tf-1:{name}")
            office.helpdesk.close_ticket(T1)
        return await post(ticket, body, key=key)

    office.helpdesk.post_note = woken_first  # type: ignore[method-assign]
    found = _dropped(office)
    _expect_what_is_there(office, found)
    assert {one.target for one in found.writes} == {*DECISION.fields(), *NOTES}
    assert {one.outcome for one in found.writes} == {"applied"}
