"""What people have decided in a helpdesk, read for whoever learns from it: RT and Roundup."""

import asyncio
from collections.abc import Iterator

import pytest

from tasks.ports.helpdesk import Seen
from tests.contracts.stages import RoundupStage, RtStage
from worker.helpdesks.feed import EPOCH

Stage = RtStage | RoundupStage


@pytest.fixture(params=["rt", "roundup"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A helpdesk with one ticket that its customer has opened."""
    server = request.getfixturevalue(request.param)
    made: Stage = RtStage(server) if request.param == "rt" else RoundupStage(server)
    yield made
    made.helpdesk.close()


def closed(stage: Stage) -> set[str]:
    return {one.ticket for one in stage.helpdesk.archive.closed(EPOCH)}


def test_a_closed_ticket_says_what_people_decided(stage: Stage) -> None:
    assert stage.ticket not in closed(stage), "it is open"
    before = stage.helpdesk.archive.count(EPOCH)
    stage.edit("queue", "payments")
    stage.edit("priority", "2")
    stage.edit("issue_type", "card_payment")
    stage.close_ticket()
    assert stage.ticket in closed(stage)
    assert stage.helpdesk.archive.count(EPOCH) == before + 1
    found = stage.helpdesk.archive.decided(stage.ticket)
    assert found is not None
    assert found.labels == {"queue": "payments", "priority": "2", "issue_type": "card_payment"}
    assert found.said["id"] == stage.ticket
    assert found.said["subject"] == "My card is lost"
    assert found.said["thread"] == []


def test_what_we_set_is_no_decision_of_peoples(stage: Stage) -> None:
    """However well people may have liked it."""

    async def write() -> None:
        for _ in range(2):  # RT sets its key first
            seen = await stage.helpdesk.look(stage.ticket)
            assert isinstance(seen, Seen)
            values = {"queue": "cards", "issue_type": "card"}
            await stage.helpdesk.set_fields(
                stage.ticket, values, key="tf-archive", version=seen.version
            )

    asyncio.run(write())
    stage.close_ticket()
    found = stage.helpdesk.archive.decided(stage.ticket)
    assert found is not None
    assert found.labels.keys() <= {"priority"}
    assert "issue_type" not in found.labels


def test_a_ticket_that_is_not_there_has_nothing_decided(stage: Stage) -> None:
    assert stage.helpdesk.archive.decided(stage.nobody) is None
