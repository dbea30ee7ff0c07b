"""Every helpdesk in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.desks import AnyHelpdesk, made
from tests.contracts.stages import OurStage, RoundupStage, RtStage, Stage
from tests.twins.helpdesk import PLAIN
from worker.broker import server
from worker.helpdesks.embedded import FULL

REAL: dict[str, Callable[[Any], RtStage | RoundupStage]] = {"rt": RtStage, "roundup": RoundupStage}
OURS = {"": FULL, "-plain": PLAIN}


@pytest.fixture(params=["embedded", "memory", "embedded-plain", "memory-plain", *REAL])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A helpdesk with one open ticket; `plain` ones can do no more than the least of them."""
    if made := REAL.get(request.param):
        real = made(request.getfixturevalue(request.param))
        yield real
        real.helpdesk.close()
        return
    kind, dash, rest = request.param.partition("-")
    ours = OurStage(kind, tmp_path, OURS[dash + rest])
    yield ours
    ours.helpdesk.close()


@pytest.fixture(params=["embedded", "memory"])
def helpdesk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyHelpdesk]:
    """A helpdesk of ours with one open ticket, T-1, whose queue is `inbox`."""
    desk = made(request.param, tmp_path, FULL)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.EmbeddedRedis]:
    """A Redis for the tests of one file."""
    with server.start(tmp_path_factory.mktemp("redis")) as started:
        yield started
