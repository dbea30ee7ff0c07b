"""What holds for every test: who may open sockets, and that in CI none is left out."""

import gc
from pathlib import Path

import pytest

pytest_plugins = (
    "tests.left_out",
    "tests.servers.postgres",
    "tests.servers.processes",
    "tests.servers.roundup",
    "tests.servers.rt",
    "tests.ledgers",
)

OFFLINE = [Path(__file__).with_name(name) for name in ("story", "unit", "properties")]
"""Folders whose tests touch no network; a unix socket is let through, for asyncio needs a pair."""

ASKS_FOR_SOCKETS = ("allow_hosts", "enable_socket")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn sockets off in the offline folders, but where a test asks by its marker."""
    for item in items:
        offline = any(item.path.is_relative_to(folder) for folder in OFFLINE)
        asks = any(item.get_closest_marker(name) for name in ASKS_FOR_SOCKETS)
        if offline and not asks:
            item.add_marker(pytest.mark.disable_socket)


def pytest_runtest_teardown() -> None:
    """What a worker keeps for good as it starts is no more than a test's here.

    Nobody sees who refers to what is frozen: Hypothesis, for one, takes it to be lost.
    """
    gc.unfreeze()


@pytest.fixture(scope="session")
def trained(request: pytest.FixtureRequest) -> Path:
    """Where trained models are kept between sessions, named by what they are made of."""
    cache = request.config.cache
    assert cache is not None
    return cache.mkdir("models")
