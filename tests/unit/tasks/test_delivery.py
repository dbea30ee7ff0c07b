"""Exactly once, whatever the helpdesk does to a request, and whoever died over it."""

import asyncio

import pytest

from tasks.case import Written
from tasks.causes import WaitReason
from tasks.desk import Past
from tasks.detour import Detour, Drop, Wait
from tasks.errors import HelpdeskDown, ValuesNotTaken
from tasks.ports.helpdesk import Capabilities
from tasks.ports.ledger import Intent
from tasks.protocol import SWEEP_SECONDS
from tasks.run import Outcome
from tasks.ticket import ExternalId
from tasks.write import write
from tests.twins.clock import NOON
from tests.twins.desk import Office
from tests.twins.helpdesk import PLAIN, Mishap
from tests.twins.ticket import DECISION, a_ticket, validated
from worker.helpdesks.embedded import FULL

T1 = ExternalId("T-1")
TRIAGED = a_ticket(fields={"queue": "triage"})
BEST_EFFORT = Capabilities(
    conditional_write="best_effort", once_only_notes=False, settle_seconds=5.0
)


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def office(request: pytest.FixtureRequest) -> Office:
    return Office(ticket=TRIAGED, capabilities=request.param)


def _write(office: Office) -> Written | Detour:
    return asyncio.run(write(validated(DECISION, office.ticket), office.desk))


def _intended(office: Office) -> tuple[Intent, ...]:
    return office.journal.entries[-1].writes


def _taken_over(office: Office, *, after: float = 6.0) -> Written | Detour:
    """Somebody else goes on, `after` seconds after what was sent by the one before."""
    own = _intended(office) if office.journal.entries else ()
    office.journal.before = Past(key="tf-1", own=own, sent_until=office.clock.at if own else None)
    office.clock.at += after
    return _write(office)


def _expect_all_once(office: Office) -> None:
    desk = office.helpdesk
    assert desk.values() == DECISION.fields()
    keys = [change.key for change in desk.history[T1]] + [note.key for note in desk.notes[T1]]
    assert sorted(key for key in keys if key) == sorted(intent.key for intent in _intended(office))


@pytest.mark.parametrize("mishap", [Mishap.LOST, Mishap.DEAF, Mishap.LATE])
@pytest.mark.parametrize("before", range(4), ids=["fields", "route", "escalation", "draft"])
def test_a_request_whose_answer_is_lost_is_there_once_in_the_end(
    office: Office, mishap: Mishap, before: int
) -> None:
    office.helpdesk.mishaps.extend([Mishap.NONE] * before + [mishap])
    with pytest.raises(HelpdeskDown):
        _write(office)
    office.helpdesk.settle()
    found = _taken_over(office)
    assert isinstance(found, Written)
    assert found.outcome is Outcome.APPLIED
    assert {result.outcome for result in found.results} == {"applied"}
    _expect_all_once(office)


def test_whoever_takes_over_waits_until_requests_have_settled() -> None:
    """What the dead one sent may take effect a moment later; a second one then would be a twin."""
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    office.helpdesk.mishaps.extend([Mishap.NONE, Mishap.LATE])
    with pytest.raises(HelpdeskDown):
        _write(office)
    found = _taken_over(office, after=1.0)
    assert isinstance(found, Wait)
    assert (found.reason, found.spends_attempt) == (WaitReason.SETTLE, False)
    assert found.until == NOON + PLAIN.settle_seconds
    office.helpdesk.settle()
    office.journal.before = Past(key="tf-1", own=_intended(office), sent_until=NOON)
    office.clock.at = found.until
    assert isinstance(_write(office), Written)
    _expect_all_once(office)


def test_values_that_were_accepted_and_not_taken_are_not_called_written(office: Office) -> None:
    """200 OK to a queue that does not exist: the second look tells."""
    office.helpdesk.mishaps.extend([Mishap.SWALLOWED] * 5)
    with pytest.raises(ValuesNotTaken, match="did not take escalated, issue_type"):
        _write(office)
    assert office.helpdesk.values() == {"queue": "triage"}


def test_values_that_were_taken_at_the_second_try_are_written(office: Office) -> None:
    office.helpdesk.mishaps.append(Mishap.SWALLOWED)
    assert isinstance(_write(office), Written)
    _expect_all_once(office)


@pytest.mark.parametrize("capabilities", [FULL, BEST_EFFORT])
def test_what_a_frozen_worker_sends_under_our_hands_is_ours(capabilities: Capabilities) -> None:
    """It wakes between our look and our request: the values are there, and the key is ours."""
    office = Office(ticket=TRIAGED, capabilities=capabilities)
    late = iter([True])

    def wake() -> None:
        if next(late, False):
            version = str(len(office.helpdesk.history[T1]))
            office.helpdesk._set_all(  # noqa: SLF001 - the same request, by somebody else
                T1, DECISION.fields(), key="tf-1", version=version
            )

    office.helpdesk.meanwhile = wake
    found = _write(office)
    assert isinstance(found, Written)
    assert {result.outcome for result in found.results} == {"applied"}
    _expect_all_once(office)


@pytest.mark.parametrize("capabilities", [FULL, BEST_EFFORT])
def test_a_persons_edit_between_look_and_write_wins(capabilities: Capabilities) -> None:
    office = Office(ticket=TRIAGED, capabilities=capabilities)
    edits = iter([True])
    office.helpdesk.meanwhile = lambda: (
        next(edits, False) and office.helpdesk.edit(T1, "queue", "vip", "Grace")
    )
    found = _write(office)
    assert isinstance(found, Written)
    assert found.outcome is Outcome.PARTLY
    assert office.helpdesk.values() == DECISION.fields() | {"queue": "vip"}


def test_an_edit_of_another_field_costs_nothing_but_a_second_look() -> None:
    """The version moved, what we expected of our fields still holds."""
    office = Office(ticket=TRIAGED)
    edits = iter([True])
    office.helpdesk.meanwhile = lambda: (
        next(edits, False) and office.helpdesk.edit(T1, "priority", "1", "Grace")
    )
    found = _write(office)
    assert isinstance(found, Written)
    assert {result.target: result.outcome for result in found.results}["priority"] == "already"
    assert office.helpdesk.values() == DECISION.fields()


def test_a_ticket_that_changes_all_the_time_is_left_for_later() -> None:
    office = Office(ticket=TRIAGED)
    names = iter("abcdefghij")
    office.helpdesk.meanwhile = lambda: office.helpdesk.edit(T1, "escalated", next(names), "Grace")
    with pytest.raises(HelpdeskDown, match="changed 5 times"):
        _write(office)


def test_a_person_who_puts_the_old_value_back_is_not_overruled(office: Office) -> None:
    """The write took effect, its answer was lost, and a person undid it before anybody looked."""
    office.helpdesk.mishaps.append(Mishap.DEAF)
    with pytest.raises(HelpdeskDown):
        _write(office)
    office.helpdesk.edit(T1, "queue", "triage", "Grace")
    found = _taken_over(office)
    assert isinstance(found, Written)
    assert office.helpdesk.values()["queue"] == "triage"
    results = {result.target: (result.outcome, result.holds) for result in found.results}
    assert results["queue"] == ("applied", "triage")


def test_a_person_who_changes_our_value_at_once_is_not_overruled(office: Office) -> None:
    """Between our request and the second look."""
    look, looks = office.helpdesk.look, iter(range(9))

    async def edited_first(ticket: ExternalId) -> object:
        if next(looks) == 1:
            office.helpdesk.edit(T1, "queue", "vip", "Grace")
        return await look(ticket)

    office.helpdesk.look = edited_first  # type: ignore[assignment,method-assign]
    found = _write(office)
    assert isinstance(found, Written)
    assert office.helpdesk.values()["queue"] == "vip"
    assert {one.target: one.outcome for one in found.results}["queue"] == "applied"


def test_a_ticket_that_was_closed_after_a_lost_answer_tells_what_took_effect() -> None:
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    office.helpdesk.mishaps.extend([Mishap.NONE, Mishap.NONE, Mishap.DEAF])
    with pytest.raises(HelpdeskDown):
        _write(office)
    office.helpdesk.close_ticket(T1)
    found = _taken_over(office)
    assert isinstance(found, Drop)
    outcomes = {write.target: write.outcome for write in found.writes}
    assert outcomes.pop("note:draft") == "gone"
    assert set(outcomes.values()) == {"applied"}


def test_a_first_attempt_of_fields_alone_asks_for_no_history(office: Office) -> None:
    """Most tickets cost two looks and one change; and a look for edits, where need be."""
    bare = DECISION.model_copy(update={"escalation": None, "draft": None})
    office.policy = office.policy.model_copy(update={"route_note": False})
    found = asyncio.run(write(validated(bare, office.ticket), office.desk))
    assert isinstance(found, Written)
    assert office.trail == [
        "looked",
        "recorded intended",
        "set issue_type, priority, queue",
        "looked",
        *([] if office.capabilities is FULL else ["looked for traces"]),
    ]


def _edit_unseen(office: Office) -> None:
    """Between the version that we compared and our change, where no lock is between them."""
    late = iter([True])
    office.helpdesk.meanwhile = lambda: (
        next(late, None) and office.helpdesk.edit(T1, "queue", "vip", "ada")
    )


def test_a_person_who_was_quicker_than_our_request_gets_back_what_they_chose() -> None:
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    _edit_unseen(office)
    found = _write(office)
    assert isinstance(found, Written)
    assert found.outcome is Outcome.PARTLY
    assert office.helpdesk.values() == DECISION.fields() | {"queue": "vip"}
    outcomes = {one.key: (one.target, one.wanted, one.outcome) for one in found.results}
    assert outcomes["tf-1:queue"] == ("queue", "fraud", "kept")
    assert outcomes["tf-1-back:queue"] == ("queue", "vip", "applied")
    recorded = [one.key for entry in office.journal.entries for one in entry.writes]
    assert "tf-1-back:queue" in recorded


@pytest.mark.parametrize("before", range(3), ids=["it is seen", "it is put back", "it is told"])
def test_whoever_takes_over_from_one_who_overwrote_a_person_puts_it_back(before: int) -> None:
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    _edit_unseen(office)
    office.helpdesk.mishaps.extend([Mishap.NONE] * before + [Mishap.DEAF])
    with pytest.raises(HelpdeskDown):
        _write(office)
    own = {one.key: one for entry in office.journal.entries for one in entry.writes}
    sent, office.clock.at = office.clock.at, office.clock.at + 6.0
    office.journal.before = Past(key="tf-1", own=tuple(own.values()), sent_until=sent)
    found = _write(office)
    assert isinstance(found, Written)
    assert office.helpdesk.values() == DECISION.fields() | {"queue": "vip"}
    assert found.outcome is Outcome.PARTLY


def test_a_person_who_edits_after_us_was_not_overwritten() -> None:
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    _write(office)
    office.helpdesk.edit(T1, "queue", "vip", "ada")
    found = _taken_over(office)
    assert isinstance(found, Written)
    assert {one.outcome for one in found.results} == {"applied"}
    assert office.helpdesk.values()["queue"] == "vip"


def test_a_note_that_was_accepted_and_is_not_there_is_not_called_posted(office: Office) -> None:
    office.helpdesk.mishaps.extend([Mishap.NONE, Mishap.NONE, Mishap.SWALLOWED])
    with pytest.raises(ValuesNotTaken, match="note:escalation"):
        _write(office)
    assert isinstance(_taken_over(office), Written)
    _expect_all_once(office)


def test_a_note_that_two_may_have_sent_is_swept_for_later() -> None:
    """A process frozen between its last check and its request can still post a twin."""
    office = Office(ticket=TRIAGED, capabilities=PLAIN)
    office.helpdesk.mishaps.extend([Mishap.NONE, Mishap.LOST])
    with pytest.raises(HelpdeskDown):
        _write(office)
    found = _taken_over(office)
    assert isinstance(found, Written)
    sweeps = {one.target: one.sweep_at for one in found.results}
    assert sweeps["note:draft"] == office.clock.at + SWEEP_SECONDS


def test_only_what_needs_it_is_looked_at_later(office: Office) -> None:
    """A field where the helpdesk's condition is no lock; no note that only we can have sent."""
    found = _write(office)
    assert isinstance(found, Written)
    later = {one.target for one in found.results if one.sweep_at is not None}
    assert later == (set() if office.capabilities is FULL else set(DECISION.fields()))
