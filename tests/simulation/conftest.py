"""A world, with a helpdesk of either kind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tasks.ports.helpdesk import Capabilities
from tests.simulation.paper import Paper
from tests.simulation.world import World
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL

BEST_EFFORT = Capabilities(
    conditional_write="best_effort", once_only_notes=False, settle_seconds=5.0
)


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Paper:
    """What the ledger of one world after the other is written on."""
    return Paper(tmp_path_factory.mktemp("paper"), migrated_sqlite)


@pytest.fixture
def new_world(tmp_path: Path, paper: Paper) -> Iterator[Callable[[Capabilities], World]]:
    """Makes worlds; each is the end of the one before."""
    made: list[World] = []

    def make(capabilities: Capabilities) -> World:
        if made:
            made[-1].close()
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(World(paper.blank().engine, folder, capabilities))
        return made[-1]

    yield make
    if made:
        made[-1].close()


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def world(request: pytest.FixtureRequest, new_world: Callable[[Capabilities], World]) -> World:
    """One, with a helpdesk of each kind in turn."""
    return new_world(request.param)


settings.register_profile("long", max_examples=2_000, print_blob=True)
"""`pytest --hypothesis-profile=long tests/simulation`: for a night."""
