"""Homes and fleets for the acceptance tests: each is started once, and shared where it can be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.fleet import SAMPLES, FirstRun, Place, Running, a_place, lend
from tests.acceptance.hosted import (
    ALERTS,
    GUARDS,
    POLICY,
    SETTINGS,
    Overheard,
    Provider,
    environment,
    says,
)
from tests.acceptance.patience import until
from tests.acceptance.wiretap import wiretap
from tests.stubs.openai_server import openai_server
from worker.broker import seat, server


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home that nobody has used."""
    place = a_place(tmp_path)
    yield place
    place.clear()


@pytest.fixture
def manned(tmp_path: Path, taught: Path) -> Iterator[Place]:
    """A home for workers that a test starts and ends itself; its broker outlives them."""
    with server.start(tmp_path / "redis") as redis:
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
        lend(taught, place)
        yield place
        place.clear()


@pytest.fixture(scope="session")
def first_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Running]]:
    """`triage run --json` on our sample inbox, our facts and the local model, under way."""
    place = a_place(tmp_path_factory.mktemp("first"), facts=SAMPLES)
    yield place, place.start("run", "--json")
    place.clear()


@pytest.fixture(scope="session")
def first_run(first_command: tuple[Place, Running]) -> FirstRun:
    """What somebody sees who tries it out."""
    place, running = first_command
    said = running.ended(150)
    return FirstRun(place=place, said=said, left=place.processes())


@pytest.fixture(scope="session")
def taught(first_run: FirstRun) -> Path:
    """The local model as the first run has trained it: `lend` gives it to another home."""
    return first_run.place.home / "cache"


@pytest.fixture(scope="module")
def hosted(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Overheard]:
    """A fleet of the module's, listened to from before its first worker on.

    Not of the session's: one that nobody asks anything takes an eighth of a processor all the same.
    """
    if any("first_run" in item.fixturenames for item in _functions(request)):
        request.getfixturevalue("first_command")  # two fleets start sooner side by side
    provider = Provider(says())
    with openai_server(stub=provider):
        place = a_place(
            tmp_path_factory.mktemp("hosted"),
            environment(provider),
            policy=POLICY,
            guards=GUARDS,
            settings=SETTINGS,
            alerts=ALERTS,
        )
        front = place.start("up")
        try:
            socket = place.home / "redis" / "redis.sock"
            until(lambda: seat.is_listened(socket), 30)
            with wiretap(socket) as tap:
                until(lambda: front.says("ready\n"), 60)
                yield Overheard(place=place, provider=provider, front=front, tap=tap)
                assert front.end().code == 0
        finally:
            place.clear()


def _functions(request: pytest.FixtureRequest) -> list[pytest.Function]:
    return [item for item in request.session.items if isinstance(item, pytest.Function)]
