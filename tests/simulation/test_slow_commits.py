"""A ledger that is slow to commit: what that takes is not waited for on top of a model's time."""

from collections.abc import Callable

import pytest

from tasks.ports.helpdesk import Capabilities
from tasks.ports.model import Question, Reply, nobody_minds
from tasks.waypoints import Waypoint, listen
from tests.simulation.parts import Provider, a_theft
from tests.simulation.world import World
from tests.twins.desk import shipped
from worker.helpdesks.embedded import FULL

NewWorld = Callable[[Capabilities], World]
COMMIT_SECONDS = 0.75


def test_a_question_ends_in_its_time_however_long_the_commits_before_it_took(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket whose model hangs holds its slot for one timeout, and not for our delays besides."""
    world = new_world(FULL)
    answer, claimed, asked = Provider.ask, list[float](), list[Question]()

    async def ask(
        provider: Provider, question: Question, look: Callable[[], None] = nobody_minds
    ) -> Reply:
        asked.append(question)
        assert world.clock.at >= claimed[0] + 2 * COMMIT_SECONDS  # its facts, and its money
        return await answer(provider, question, look)

    def passes(waypoint: Waypoint) -> None:
        if waypoint is Waypoint.CLAIMED:
            claimed.append(world.clock.at)
        elif waypoint is Waypoint.COMMITTED:
            world.clock.at += COMMIT_SECONDS

    monkeypatch.setattr(Provider, "ask", ask)
    listen(passes)
    world.hire()
    world.bring(a_theft())
    world.deliver()
    [one] = asked
    assert one.timeout_seconds == shipped().tiers.model(one.model).timeout_seconds
    assert one.until == claimed[0] + one.timeout_seconds
