"""Where a source only suggests, no field is set whoever dies; what was begun before is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.ports.helpdesk import Capabilities
from tasks.ports.ledger import Change, Source
from tasks.run import Outcome, State
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import Doom, a_theft
from tests.simulation.verdict import expect_balance, expect_truth
from tests.simulation.world import World
from tests.twins.clock import NOON
from tests.twins.desk import shipped
from tests.twins.facts import sources
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL
from worker.ledgers.residence import ANYWHERE
from worker.operating.requeue import Operator

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


def _an_hour(world: World) -> list[str]:
    """Who was written within the next seconds, in turn; then an hour goes by."""
    known = {run.id for run in world.runs() if run.state is State.WRITTEN}
    for _ in range(20):
        world.tick()
        world.deliver(times=1)
    expect_balance(world)
    waiting = [run for run in world.runs() if run.state is State.WAITING]
    assert {run.reason for run in waiting} <= {WaitReason.CAPPED}
    done = [run for run in world.runs() if run.state is State.WRITTEN and run.id not in known]
    world.clock.at += 3_600
    return [run.external_id for run in sorted(done, key=lambda run: run.changed_at)]


def test_a_flood_begins_hour_by_hour_and_all_of_it_does(new_world: NewWorld) -> None:
    """First come, first served, in a page as well; whoever writes again keeps their turn."""
    world = new_world(FULL)
    world.ledger.begin_source(replace(NEW, mode=Mode.AUTO, per_hour=2))
    world.hire()
    world.bring(*(a_theft(f"T-{number}") for number in range(6)))
    world.bring(a_theft("T-3", "Again!"))
    begun = [_an_hour(world) for _ in range(4)]
    assert begun == [["T-0", "T-1"], ["T-2", "T-3"], ["T-4", "T-5"], []]
    dropped = [run for run in world.runs() if run.state is State.DROPPED]
    assert [run.revision for run in dropped] == [1]


def test_whoever_begins_is_sent_at_once(new_world: NewWorld) -> None:
    """And not only when it is missed."""
    world = new_world(FULL)
    world.ledger.begin_source(replace(NEW, mode=Mode.AUTO, per_hour=1))
    world.hire()
    world.bring(a_theft("T-0"), a_theft("T-1"))
    assert _an_hour(world) == ["T-0"]
    world.tick()
    hint = world.broker.take()
    assert hint
    assert hint.run == world.ledger.named("T-1")[0].id


def test_one_that_an_operator_begins_is_counted(new_world: NewWorld) -> None:
    """It is out of its turn, and nobody else's."""
    world = new_world(FULL)
    world.ledger.begin_source(replace(NEW, mode=Mode.AUTO, per_hour=1))
    world.hire()
    world.bring(*(a_theft(f"T-{number}") for number in range(3)))
    assert _an_hour(world) == ["T-0"]
    [last] = world.ledger.named("T-2")
    ada = _operator(world)
    change = ada.requeue(last, force=False)
    assert isinstance(change, Change)
    assert len(ada.do([change], cast("Any", world.broker))) == 1
    assert _an_hour(world) == ["T-2"]
    assert _an_hour(world) == ["T-1"]


def _operator(world: World) -> Operator:
    return Operator(
        name="ada",
        ledger=world.ledger,
        vault=world.vault,
        config=shipped(),
        clock=cast("Any", world.clock),
        facts=sources(),
        deliver=world.helpdesk.deliver_many,
        residence=ANYWHERE,
    )
