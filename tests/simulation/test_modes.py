"""Where a source only suggests, no field is set whoever dies; what was begun before is told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.ports.helpdesk import Capabilities
from tasks.ports.ledger import Source
from tasks.run import Outcome, State
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import Doom, a_theft
from tests.simulation.verdict import expect_balance, expect_truth
from tests.simulation.world import World
from tests.twins.clock import NOON
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL

NewWorld = Callable[[Capabilities], World]
NEW = Source(
    name="file:world", mode=Mode.SUGGEST, per_hour=None, since=NOON - 60, by="us", why="it is new"
)


def _lived(world: World) -> None:
    world.hire()
    world.bring(a_theft())
    world.deliver(times=2)
    world.heal()


@pytest.mark.parametrize("waypoint", Waypoint)
@pytest.mark.parametrize(("mode", "notes"), [(Mode.SUGGEST, 2), (Mode.SHADOW, 0)])
def test_whoever_dies_wherever_no_field_is_set(
    mode: Mode, notes: int, waypoint: Waypoint, new_world: NewWorld
) -> None:
    """A suggestion and a draft, once; in shadow nothing."""
    for capabilities in (FULL, BEST_EFFORT, PLAIN):
        for passage in range(1, 99):
            world = new_world(capabilities)
            world.ledger.begin_source(replace(NEW, mode=mode))
            world.dooms = [Doom(waypoint, passage)]
            _lived(world)
            if world.passed[waypoint] < passage:
                break
            expect_truth(world)
            [run] = world.runs()
            assert run.outcome is (Outcome.SUGGESTED if notes else Outcome.SHADOW)
            assert world.helpdesk.values() == {}
            assert len(world.helpdesk.posted()) == notes


@pytest.mark.parametrize("waypoint", [Waypoint.INTENDED, Waypoint.FIELDS_SENT, Waypoint.NOTE_SENT])
@pytest.mark.parametrize("mode", [Mode.SUGGEST, Mode.SHADOW])
def test_an_operator_who_stops_the_writing_while_somebody_dies_over_it(
    mode: Mode, waypoint: Waypoint, new_world: NewWorld
) -> None:
    """All that was sent stands there and is known to be ours; nothing more is set."""
    for capabilities in (FULL, BEST_EFFORT, PLAIN):
        world = new_world(capabilities)
        world.dooms = [Doom(waypoint)]
        world.hire()
        world.bring(a_theft())
        world.deliver(times=1)
        before = world.helpdesk.values()
        world.ledger.set_source(replace(NEW, mode=mode))
        world.heal()
        expect_truth(world)
        assert world.helpdesk.values() == before
        [run] = world.runs()
        assert run.state is State.WRITTEN


def test_a_customer_who_writes_again_is_written_once_that_is_allowed(new_world: NewWorld) -> None:
    """What was only suggested is no person's choice."""
    world = new_world(FULL)
    world.ledger.begin_source(NEW)
    _lived(world)
    world.ledger.set_source(replace(NEW, mode=Mode.AUTO))
    world.bring(a_theft("T-1", "Again!"))
    world.heal()
    expect_truth(world)
    first, second = sorted(world.runs(), key=lambda run: run.revision)
    assert (first.outcome, second.outcome) == (Outcome.SUGGESTED, Outcome.APPLIED)
    assert world.helpdesk.values()["queue"] == "fraud"


def test_a_flood_begins_hour_by_hour_and_all_of_it_does(new_world: NewWorld) -> None:
    """First come, first served; whoever is superseded meanwhile is not waited for."""
    world = new_world(FULL)
    world.ledger.begin_source(replace(NEW, mode=Mode.AUTO, per_hour=2))
    world.hire()
    world.bring(*(a_theft(f"T-{number}") for number in range(6)))
    world.bring(a_theft("T-5", "Again!"))
    begun: list[int] = []
    for _ in range(4):
        for _ in range(20):
            world.tick()
            world.deliver(times=1)
        expect_balance(world)
        begun.append(sum(run.state is State.WRITTEN for run in world.runs()))
        waiting = [run for run in world.runs() if run.state is State.WAITING]
        assert {run.reason for run in waiting} <= {WaitReason.CAPPED}
        world.clock.at += 3_600
    assert begun == [2, 4, 6, 6]
    dropped = [run for run in world.runs() if run.state is State.DROPPED]
    assert [run.revision for run in dropped] == [1]
