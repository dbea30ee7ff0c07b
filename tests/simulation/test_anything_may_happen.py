"""Whatever happens, in whatever order: nothing is lost, nothing is twice, no edit is undone."""

import shutil
import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tasks.ports.helpdesk import FIELDS, Capabilities
from tasks.run import State
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.paper import Paper
from tests.simulation.parts import Doom, a_theft
from tests.simulation.recalling import recall
from tests.simulation.verdict import (
    answers_recorded,
    expect_balance,
    expect_no_edit_lost,
    expect_truth,
)
from tests.simulation.world import World
from tests.twins.helpdesk import PLAIN, Mishap
from worker.helpdesks.embedded import FULL

NAMES = ("T-1", "T-2", "T-3")

names = st.sampled_from(NAMES)
waypoints = st.sampled_from(Waypoint)
passages = st.integers(1, 4)


class Fleet(RuleBasedStateMachine):
    """Every rule is something that can happen to a fleet; in the end it is left in peace."""

    paper: Paper

    @initialize(capabilities=st.sampled_from([FULL, BEST_EFFORT, PLAIN]))
    def begin(self, capabilities: Capabilities) -> None:
        """A worker, and a ticket on its way."""
        folder = Path(tempfile.mkdtemp())
        self.folder = folder
        self.world = World(self.paper.blank().engine, folder, capabilities)
        self.values = count()
        self.said: dict[str, list[str]] = {name: [] for name in NAMES}
        self.crashes = 0
        self.recalls: list[str] = []
        self.world.hire()
        self.world.bring(a_theft(NAMES[0]))

    @rule(name=names)
    def a_source_brings(self, name: str) -> None:
        """A ticket, or the same one again."""
        self.world.bring(a_theft(name, *self.said[name]))

    @rule(name=names)
    def a_customer_writes_again(self, name: str) -> None:
        self.said[name].append(f"Again, for the {len(self.said[name]) + 1}. time!")
        self.world.bring(a_theft(name, *self.said[name]))

    @rule(times=st.sampled_from([1, 1, 1, 2, 5]))
    def a_message_is_delivered(self, times: int) -> None:
        self.world.deliver(times=times)

    @rule()
    def a_message_is_lost(self) -> None:
        self.world.broker.take()

    @rule()
    def messages_are_reordered(self) -> None:
        for queue in self.world.broker.queues.values():
            queue.rotate(1)

    @rule()
    def the_broker_is_flushed(self) -> None:
        self.world.broker.flush()

    @rule(seconds=st.sampled_from([0.5, 1, 3, 7, 30]))
    def time_passes(self, seconds: float) -> None:
        self.world.tick(seconds)

    @rule(hours=st.sampled_from([-1, 1]))
    def somebody_sets_the_clock(self, hours: int) -> None:
        self.world.clock.skew += 3_600.0 * hours

    @rule(waypoint=waypoints, times=passages, freezes=st.booleans())
    def somebody_is_doomed(self, waypoint: Waypoint, times: int, *, freezes: bool) -> None:
        self.world.dooms.append(Doom(waypoint, times, freezes))
        self.crashes += 1

    @rule()
    def whoever_was_frozen_goes_on(self) -> None:
        self.world.thaw()

    @rule()
    def a_worker_is_killed(self) -> None:
        for worker in self.world.alive()[:1]:
            worker.lives = False

    @rule()
    def a_worker_is_started(self) -> None:
        self.world.hire()

    @rule(mishap=st.sampled_from(Mishap))
    def the_helpdesk_has_a_mishap(self, mishap: Mishap) -> None:
        if len(self.world.helpdesk.mishaps) < 4:  # more in a row are an outage: the runbook's
            self.world.helpdesk.mishaps.append(mishap)

    @rule(name=names)
    def the_provider_fails(self, name: str) -> None:
        self.world.provider.fails[name] = 1

    @rule()
    def an_operator_recalls_everything(self) -> None:
        self.recalls += filter(None, [recall(self.world)])

    @rule()
    def an_operator_undoes_the_last_recall(self) -> None:
        if self.recalls:
            self.recalls += filter(None, [recall(self.world, self.recalls[-1])])

    @rule(name=names, field=st.sampled_from(FIELDS))
    def a_person_edits(self, name: str, field: str) -> None:
        if name in self.world.helpdesk.fields:
            self.world.helpdesk.edit(ExternalId(name), field, f"person-{next(self.values)}", "ada")

    @invariant()
    def the_books_balance(self) -> None:
        if hasattr(self, "world"):
            expect_balance(self.world)

    def teardown(self) -> None:
        """Peace; then the truth."""
        if not hasattr(self, "world"):
            return
        try:
            self._judge(self.world)
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    def _judge(self, world: World) -> None:
        world.heal()
        expect_truth(world)
        if world.helpdesk.capabilities.conditional_write != "none":
            expect_no_edit_lost(world)
        runs = world.runs()
        ends = [(run.state, run.reason, run.why) for run in runs]
        assert {run.state for run in runs} <= {State.WRITTEN, State.DROPPED}, ends
        newest = {run.ticket: run for run in sorted(runs, key=lambda run: run.revision)}
        assert {run.state for run in newest.values()} == {State.WRITTEN}
        recorded = sum(answers_recorded(world, run) for run in runs)
        lost = self.crashes + len([run for run in runs if run.state is State.DROPPED])
        asked = sum(world.provider.asked.values())
        assert asked - recorded <= lost + world.provider.failed


@pytest.mark.timeout(240)  # twenty seconds on a machine of its own
def test_anything_may_happen(paper: Paper) -> None:
    class Here(Fleet):
        pass

    Here.paper = paper
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=settings().max_examples // 2,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
