"""A worker killed between an accepted write and its record: a slice of `make kills`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.fleet import Place, a_place, lend
from tests.kills.lives import live
from worker.broker import server

pytestmark = pytest.mark.timeout(150)

KILLS = 10


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    with server.start(tmp_path / "redis") as redis:
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
        lend(taught, place)
        yield place
        place.clear()


def test_no_note_is_there_twice_none_is_missing_and_fields_are_as_intended(place: Place) -> None:
    """By the helpdesk's own history, though it takes notes as often as they come."""
    lives = live(place, KILLS)
    assert sum(lives.kills.values()) == KILLS
    assert (lives.twice, lives.missing, lives.wrong) == ([], [], [])
