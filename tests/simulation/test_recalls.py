"""A recall among everything else that happens to a ticket."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from config.mode import Mode
from tasks.ports.helpdesk import Capabilities
from tasks.ports.ledger import Source
from tasks.run import Outcome, State
from tasks.ticket import ExternalId
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import a_theft
from tests.simulation.recalling import recall
from tests.simulation.verdict import expect_truth
from tests.simulation.world import World
from tests.twins.clock import NOON
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL

NewWorld = Callable[[Capabilities], World]
T1 = ExternalId("T-1")
NEW = Source(
    name="file:world", mode=Mode.SUGGEST, per_hour=None, since=NOON - 60, by="us", why="it is new"
)
WRITTEN = {"issue_type": "security", "priority": "1", "queue": "fraud", "escalated": "theft"}


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def world(request: pytest.FixtureRequest, new_world: NewWorld) -> World:
    """One ticket was written."""
    world = new_world(request.param)
    world.hire()
    world.bring(a_theft())
    world.heal()
    assert world.helpdesk.values() == WRITTEN
    return world


def test_a_customer_who_writes_again_does_not_stop_it(world: World) -> None:
    """What was written is taken back first; then the newer revision is triaged, and written."""
    recall(world)
    world.bring(a_theft("T-1", "Again!"))
    world.heal()
    expect_truth(world)
    first, second = sorted(world.runs(), key=lambda run: run.revision)
    assert (first.state, first.outcome) == (State.WRITTEN, Outcome.RECALLED)
    assert (second.state, second.outcome) == (State.WRITTEN, Outcome.APPLIED)
    assert world.helpdesk.values() == WRITTEN


def test_what_is_written_after_a_recall_takes_its_place(world: World) -> None:
    """What the recall left there no person has chosen."""
    recall(world)
    world.heal()
    assert world.helpdesk.values() == {}
    world.bring(a_theft("T-1", "Again!"))
    world.heal()
    expect_truth(world)
    assert world.helpdesk.values() == WRITTEN


def test_a_person_has_the_last_word(world: World) -> None:
    world.helpdesk.edit(T1, "queue", "vip", "ada")
    recall(world)
    world.heal()
    expect_truth(world)
    assert world.helpdesk.values() == {"queue": "vip"}


def test_of_two_revisions_what_was_there_before_the_first(world: World) -> None:
    world.bring(a_theft("T-1", "Again!"))
    world.heal()
    recall(world)
    world.heal()
    expect_truth(world)
    assert world.helpdesk.values() == {}
    assert len(world.helpdesk.posted()) == 12  # six notes, each declared void


def test_a_recall_that_is_undone_leaves_what_was_written(world: World) -> None:
    batch = recall(world)
    world.heal()
    assert recall(world, batch)
    world.heal()
    expect_truth(world)
    assert world.helpdesk.values() == WRITTEN
    [run] = world.runs()
    assert run.outcome is Outcome.APPLIED
    assert recall(world, batch) is None


@pytest.mark.parametrize(
    ("mode", "outcome"), [(Mode.AUTO, Outcome.PARTLY), (Mode.SUGGEST, Outcome.SUGGESTED)]
)
def test_a_recall_that_is_undone_leaves_the_run_as_it_had_ended(
    mode: Mode, outcome: Outcome, new_world: NewWorld
) -> None:
    """A suggestion is none that was applied, and a person's value was kept all the same."""
    world = new_world(FULL)
    world.ledger.set_source(replace(NEW, mode=mode))
    world.hire()
    world.bring(a_theft())
    world.helpdesk.edit(T1, "queue", "vip", "ada")
    world.heal()
    batch = recall(world)
    for _ in range(2):  # undone, taken back again, and undone again
        world.heal()
        assert [run.outcome for run in world.runs()] == [Outcome.RECALLED]
        undone = recall(world, batch)
        world.heal()
        assert [run.outcome for run in world.runs()] == [outcome]
        batch = recall(world, undone)
    world.heal()
    expect_truth(world)


def test_whoever_asked_for_it_may_be_gone(world: World) -> None:
    """The fleet brings it to its end."""
    recall(world)
    for worker in world.workers:
        worker.lives = False
    world.heal()
    assert world.helpdesk.values() == {}
