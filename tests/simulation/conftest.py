"""A world, with a helpdesk of either kind."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tasks.ports.helpdesk import Capabilities
from tests.simulation.world import World
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL

BEST_EFFORT = Capabilities(
    conditional_write="best_effort", once_only_notes=False, settle_seconds=5.0
)


@pytest.fixture
def new_world(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Callable[[Capabilities], World]]:
    """Makes worlds."""
    made: list[World] = []

    def make(capabilities: Capabilities) -> World:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shutil.copyfile(migrated_sqlite, folder / "ledger.db")
        made.append(World(folder / "ledger.db", folder, capabilities))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def world(request: pytest.FixtureRequest, new_world: Callable[[Capabilities], World]) -> World:
    """One, with a helpdesk of each kind in turn."""
    return new_world(request.param)


settings.register_profile("long", max_examples=2_000, print_blob=True)
"""`pytest --hypothesis-profile=long tests/simulation`: for a night."""
