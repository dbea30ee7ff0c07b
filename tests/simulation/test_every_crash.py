"""A worker dies at every waypoint, each time that it passes, and every message comes twice.

The exhaustive cross product: waypoint x passage x duplicate x what the helpdesk can do.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from tasks.ports.helpdesk import Capabilities
from tasks.run import Outcome, State
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import Doom, a_theft
from tests.simulation.recalling import recall
from tests.simulation.verdict import expect_truth
from tests.simulation.world import World
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL

NewWorld = Callable[[Capabilities], World]
NOTES = 3
"""What was decided, who is called, and a draft."""


def _lived(world: World, *, times: int) -> None:
    """One ticket, from the source to its end."""
    world.hire()
    world.bring(a_theft())
    world.deliver(times=times)
    world.heal()


def _expect_written_once(world: World) -> None:
    expect_truth(world)
    [run] = world.runs()
    assert run.state is State.WRITTEN
    assert len(world.helpdesk.posted()) == NOTES
    assert world.helpdesk.values()["queue"] == "fraud"


def test_without_a_fault_each_waypoint_is_passed(world: World) -> None:
    """Else the cross product below would be smaller than it looks."""
    _lived(world, times=1)
    _expect_written_once(world)
    assert sum(world.provider.asked.values()) == 1
    assert set(Waypoint) - set(world.passed) == {
        Waypoint.PUSHED,  # nothing is pushed by a carrier that keeps its ticket
        Waypoint.PUSHING,
        Waypoint.BURYING,  # nobody died
    }


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("waypoint", Waypoint)
def test_whoever_dies_wherever_the_ticket_is_written_once(
    waypoint: Waypoint, times: int, new_world: NewWorld
) -> None:
    """And the model is asked a second time only where its answer had not been recorded."""
    crashes = Counter[str]()
    for capabilities in (FULL, BEST_EFFORT, PLAIN):
        for passage in range(1, 99):
            world = new_world(capabilities)
            world.dooms = [Doom(waypoint, passage)]
            _lived(world, times=times)
            if world.passed[waypoint] < passage:
                break
            _expect_written_once(world)
            crashes[capabilities.conditional_write] += 1
            assert sum(world.provider.asked.values()) <= 2
            if waypoint is not Waypoint.ASKED and waypoint is not Waypoint.COMMITTING:
                assert sum(world.provider.asked.values()) == 1
    assert all(crashes.values())


@pytest.mark.parametrize("waypoint", Waypoint)
def test_whoever_dies_in_a_recall_what_was_there_before_is_back_once(
    waypoint: Waypoint, new_world: NewWorld
) -> None:
    for capabilities in (FULL, BEST_EFFORT, PLAIN):
        for passage in range(1, 99):
            world = new_world(capabilities)
            _lived(world, times=1)
            before = Counter(world.passed)
            world.dooms = [Doom(waypoint, passage)]
            assert recall(world)
            for _ in range(15):  # until the reaper has sent it, and some time more
                world.tick()
                world.deliver(times=2)
            world.heal()
            expect_truth(world)
            [run] = world.runs()
            assert (run.state, run.outcome) == (State.WRITTEN, Outcome.RECALLED)
            assert world.helpdesk.values() == {}
            assert len(world.helpdesk.posted()) == 2 * NOTES
            assert recall(world) is None
            if world.passed[waypoint] - before[waypoint] < passage:
                break


@pytest.mark.parametrize("second", Waypoint)
@pytest.mark.parametrize("first", [Waypoint.FIELDS_SENT, Waypoint.NOTE_SENT, Waypoint.INTENDED])
def test_whoever_takes_over_may_die_as_well(
    first: Waypoint, second: Waypoint, new_world: NewWorld
) -> None:
    world = new_world(PLAIN)
    world.dooms = [Doom(first), Doom(second, 2)]
    _lived(world, times=2)
    _expect_written_once(world)
