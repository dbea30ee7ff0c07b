"""Nobody's ticket is without people: a queue of theirs, and a note that says why."""

import asyncio

import pytest

from config.mode import Mode
from tasks.desk import Past
from tasks.errands.hand_over import Entrusted, HandedOver, hand_over, hand_over_key
from tasks.ports.helpdesk import Capabilities
from tasks.run import RunId
from tasks.ticket import ExternalId
from tests.twins.desk import Office
from tests.twins.helpdesk import PLAIN
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import FULL

T1 = ExternalId("T-1")
KEY = hand_over_key("abcdef0123456789", "0123456789abcdef")
WHY = "Triage Fleet leaves this ticket to you: unsure."


@pytest.fixture(params=[FULL, PLAIN], ids=["full", "plain"])
def office(request: pytest.FixtureRequest) -> Office:
    capabilities: Capabilities = request.param
    return Office(ticket=a_ticket(fields={"queue": "inbox"}), capabilities=capabilities)


def given(
    office: Office,
    *held: str | None,
    queue: str = "triage",
    mode: Mode = Mode.AUTO,
    routed: frozenset[str] = frozenset(),
) -> dict[str, str | None]:
    case = Entrusted(
        run=RunId("R-1"),
        ticket=T1,
        queue=queue,
        why=WHY,
        held=held or ("inbox",),
        past=Past(key=KEY),
        mode=mode,
        routed=routed,
    )
    found = asyncio.run(hand_over(case, office.desk))
    assert isinstance(found, HandedOver)
    return {one.target: one.outcome for one in found.results}


def test_it_is_in_their_queue_with_a_note(office: Office) -> None:
    assert given(office) == {"queue": "applied", "note:hand_over": "applied"}
    assert office.helpdesk.values() == {"queue": "triage"}
    moved = "It is in the queue triage now, and was in inbox."
    assert office.helpdesk.posted() == [f"{WHY} {moved}"]
    [entry] = office.journal.entries
    assert {one.target: (one.before, one.wanted) for one in entry.writes} == {
        "queue": ("inbox", "triage"),
        "note:hand_over": (None, None),
    }


def test_a_person_who_has_moved_it_is_not_undone(office: Office) -> None:
    office.helpdesk.edit(T1, "queue", "vip", "ada")
    assert given(office) == {"queue": "kept", "note:hand_over": "applied"}
    assert office.helpdesk.values() == {"queue": "vip"}


def test_one_that_is_routed_already_and_goes_on_stays_where_it_is(office: Office) -> None:
    """Its write is half done: the queue is as decided, and nobody would put it back afterwards."""
    assert given(office, routed=frozenset({"inbox"})) == {"note:hand_over": "applied"}
    assert office.helpdesk.values() == {"queue": "inbox"}
    assert office.helpdesk.posted() == [WHY]


def test_one_that_is_routed_between_our_look_and_our_request_stays_as_well() -> None:
    """A frozen worker wakes and sends what it meant to: nobody would put it back afterwards."""
    office = Office(ticket=a_ticket(fields={"queue": "inbox"}))
    late = iter([True])

    def wake() -> None:
        if next(late, False):
            office.helpdesk._set_all(  # noqa: SLF001 - the same request, by somebody else
                T1, {"queue": "fraud"}, key="tf-1", version="0"
            )

    office.helpdesk.meanwhile = wake
    found = given(office, "inbox", "fraud", routed=frozenset({"fraud"}))
    assert found == {"queue": "kept", "note:hand_over": "applied"}
    assert office.helpdesk.values() == {"queue": "fraud"}


def test_a_queue_that_the_helpdesk_does_not_have_costs_the_queue_not_the_note(
    office: Office,
) -> None:
    office.helpdesk.disabled.add("triage")
    assert given(office) == {"note:hand_over": "applied"}
    assert office.helpdesk.values() == {"queue": "inbox"}


def test_a_closed_ticket_is_nobodys(office: Office) -> None:
    office.helpdesk.close_ticket(T1)
    assert given(office) == {}
    assert office.helpdesk.posted() == []


@pytest.mark.parametrize(
    ("mode", "outcomes"),
    [(Mode.SUGGEST, {"note:hand_over": "applied"}), (Mode.SHADOW, {})],
)
def test_where_no_field_may_be_set_it_stays_where_it_is(
    office: Office, mode: Mode, outcomes: dict[str, str]
) -> None:
    assert given(office, mode=mode) == outcomes
    assert office.helpdesk.values() == {"queue": "inbox"}
    assert len(office.helpdesk.posted()) == len(outcomes)
