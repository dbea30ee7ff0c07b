"""Who finds in Request Tracker what it died over knows its own, without a word in the history."""

import asyncio
from dataclasses import replace

import pytest

from tasks.case import Written
from tasks.desk import Past
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.run import Outcome
from tasks.ticket import Ticket
from tasks.write import write
from tests.contracts.stages import RtStage
from tests.servers.rt import Rt
from tests.twins.desk import Office
from tests.twins.ticket import DECISION, a_ticket, validated

ROUTING = DECISION.model_copy(update={"escalation": None, "draft": None})
SETTLED = 6.0


def _ticket(stage: RtStage) -> Ticket:
    """As intake has read it."""
    seen = asyncio.run(stage.helpdesk.look(stage.ticket))
    assert isinstance(seen, Seen)
    known = {name: value for name, value in seen.fields.items() if value is not None}
    return a_ticket(fields=known).model_copy(update={"id": stage.ticket})


class TakenOver:
    """A ticket in a Request Tracker that one worker writes to after another."""

    def __init__(self, rt: Rt) -> None:
        self.stage = RtStage(rt)
        self.office = Office(ticket=_ticket(self.stage))

    def write(self) -> Written:
        """By a worker that knows of nothing but the ledger."""
        self.stage = RtStage(self.stage.rt, self.stage.ticket)
        desk = replace(self.office.desk, helpdesk=self.stage.helpdesk)
        found = asyncio.run(write(validated(ROUTING, self.office.ticket), desk))
        assert isinstance(found, Written)
        return found

    def forget_the_end(self) -> None:
        """The one before died, and knew of nothing but what it had meant to do."""
        meant = self.office.journal.entries[-1].writes
        self.office.journal.before = Past(key="tf-1", own=meant, sent_until=self.office.clock.at)
        self.office.clock.at += SETTLED


@pytest.fixture
def ticket(rt: Rt) -> TakenOver:
    return TakenOver(rt)


def _fields(results: tuple[Intent, ...]) -> dict[str, str | None]:
    return {one.target: one.outcome for one in results if ":" not in one.target}


@pytest.mark.parametrize("untold", ["Triage key", "Queue", "Priority", "Issue type"])
def test_a_value_without_its_entry_is_known_for_ours(
    rt: Rt, ticket: TakenOver, untold: str
) -> None:
    """So that a recall takes it back, like any other."""
    ticket.write()
    assert rt.unwrite(ticket.stage.ticket, untold) == 1
    ticket.forget_the_end()
    found = ticket.write()
    assert _fields(found.results) == dict.fromkeys(ROUTING.fields(), "applied")
    assert found.outcome is Outcome.APPLIED


def test_a_key_without_its_entry_is_told_before_anything_is_changed(
    rt: Rt, ticket: TakenOver
) -> None:
    """Else what is changed under it would pass for somebody else's."""
    seen = asyncio.run(ticket.stage.helpdesk.look(ticket.stage.ticket))
    assert isinstance(seen, Seen)
    asyncio.run(
        ticket.stage.helpdesk.set_fields(
            ticket.stage.ticket, {"queue": "fraud"}, key="tf-1", version=seen.version
        )
    )
    assert rt.unwrite(ticket.stage.ticket, "Triage key") == 1
    found = ticket.write()
    assert _fields(found.results) == dict.fromkeys(ROUTING.fields(), "applied")
    traces = asyncio.run(ticket.stage.helpdesk.traces(ticket.stage.ticket, key="tf-1"))
    assert {f"tf-1:{name}": 1 for name in ROUTING.fields()}.items() <= traces.counts.items()


def test_what_a_person_chose_is_a_persons_although_ours_is_the_same(
    rt: Rt, ticket: TakenOver
) -> None:
    """We died before anything was sent; she has set what we had meant to."""
    ticket.write()
    for name in ("Triage key", "Queue", "Priority", "Issue type"):
        rt.unwrite(ticket.stage.ticket, name)
    ticket.stage.edit("queue", "inbox")
    ticket.stage.edit("queue", "fraud")
    ticket.forget_the_end()
    outcomes = _fields(ticket.write().results)
    assert outcomes["queue"] == "already"
