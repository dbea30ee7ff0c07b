"""Whom no machine decides about is with people, once, and what can go on goes on."""

from collections.abc import Callable

import pytest

from tasks.causes import Cause
from tasks.events import Kind
from tasks.ports.helpdesk import Capabilities
from tasks.run import Outcome, State
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import Doom, a_theft
from tests.simulation.verdict import expect_balance, expect_truth
from tests.simulation.world import World
from tests.twins.helpdesk import PLAIN, Mishap
from worker.helpdesks.embedded import FULL

NewWorld = Callable[[Capabilities], World]
T1 = ExternalId("T-1")
HOURS = 7_200.0
WRITTEN = {"issue_type": "security", "priority": "1", "queue": "fraud", "escalated": "theft"}


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def world(request: pytest.FixtureRequest, new_world: NewWorld) -> World:
    """One ticket came in, whose provider fails."""
    world = new_world(request.param)
    world.hire()
    world.bring(a_theft())
    return world


def handed(world: World) -> list[str]:
    return [body for body in world.helpdesk.posted() if body.startswith("Triage Fleet")]


def test_a_dead_letter_is_given_to_people(world: World) -> None:
    world.provider.fails["T-1"] = 9
    world.heal()
    [run] = world.runs()
    assert (run.state, run.reason) == (State.DEAD, Cause.PROVIDER_DOWN)
    assert run.handed_at is not None
    assert world.helpdesk.values() == {"queue": "triage"}
    [note] = handed(world)
    assert "provider_down" in note
    expect_truth(world)


def test_one_whose_helpdesk_is_away_is_given_to_them_later(world: World) -> None:
    """It comes to rest all the same; the reaper sends it there again."""
    world.provider.fails["T-1"] = 9
    world.helpdesk.mishaps.extend([Mishap.LOST] * 3)
    world.heal()
    for _ in range(40):
        world.tick()
        while world.deliver():
            pass
    world.heal()
    [run] = world.runs()
    assert (run.state, run.reason, run.stage) == (State.DEAD, Cause.PROVIDER_DOWN, "classify")
    assert world.helpdesk.values() == {"queue": "triage"}
    assert len(handed(world)) == 1
    expect_balance(world)


@pytest.mark.parametrize("waypoint", [Waypoint.INTENDED, Waypoint.FIELDS_SENT, Waypoint.NOTE_SENT])
def test_whoever_dies_over_it_there_is_one_note(world: World, waypoint: Waypoint) -> None:
    world.provider.fails["T-1"] = 9
    world.dooms = [Doom(waypoint)]
    for _ in range(300):
        world.tick()
        world.deliver(times=2)
        if waypoint in world.passed:
            break
    world.heal()
    for _ in range(40):
        world.tick()
        while world.deliver():
            pass
    world.heal()
    [run] = world.runs()
    assert run.state is State.DEAD
    assert world.helpdesk.values() == {"queue": "triage"}
    assert len(handed(world)) == 1


def test_what_waits_for_too_long_is_told_once_and_goes_on(world: World) -> None:
    """And what was written for that no person has chosen."""
    world.tick(HOURS)
    world.tick()
    for _ in range(60):
        world.tick()
        while world.deliver():
            pass
    world.heal()
    [run] = world.runs()
    assert (run.state, run.outcome) == (State.WRITTEN, Outcome.APPLIED)
    kinds = [event.kind for event in world.ledger.events(run.id)]
    assert kinds.count(Kind.HANDED_OVER) <= 1
    assert world.helpdesk.values() == WRITTEN
    expect_truth(world)


def test_a_person_who_has_moved_it_keeps_it(world: World) -> None:
    world.provider.fails["T-1"] = 9
    world.helpdesk.edit(T1, "queue", "vip", "ada")
    world.heal()
    assert world.helpdesk.values() == {"queue": "vip"}
    assert len(handed(world)) == 1


def test_what_was_given_to_people_is_triaged_where_its_customer_writes_again(world: World) -> None:
    world.provider.fails["T-1"] = 9
    world.heal()
    world.provider.fails["T-1"] = 0
    world.bring(a_theft("T-1", "Again!"))
    world.heal()
    newest = max(world.runs(), key=lambda run: run.revision)
    assert (newest.state, newest.outcome) == (State.WRITTEN, Outcome.APPLIED)
    assert world.helpdesk.values() == WRITTEN
    expect_truth(world)
