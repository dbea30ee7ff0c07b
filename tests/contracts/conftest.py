"""Every helpdesk in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.desks import AnyHelpdesk, made
from tests.twins.helpdesk import PLAIN
from worker.helpdesks.embedded import FULL


@pytest.fixture(params=["embedded", "memory"])
def helpdesk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyHelpdesk]:
    """A helpdesk with one open ticket, T-1, whose queue is `inbox`."""
    desk = made(request.param, tmp_path, FULL)
    yield desk
    desk.close()


@pytest.fixture(params=["embedded", "memory"])
def plain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyHelpdesk]:
    """The same, able to do no more than the least of helpdesks."""
    desk = made(request.param, tmp_path, PLAIN)
    yield desk
    desk.close()
