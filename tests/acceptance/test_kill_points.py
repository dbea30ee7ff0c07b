"""A worker killed between an accepted write and its record: a slice of `make kills`."""

import pytest

from tests.acceptance.fleet import Place
from tests.kills.lives import live

pytestmark = pytest.mark.timeout(150)

KILLS = 10


def test_no_note_is_there_twice_none_is_missing_and_fields_are_as_intended(manned: Place) -> None:
    """By the helpdesk's own history, though it takes notes as often as they come."""
    lives = live(manned, KILLS)
    assert sum(lives.kills.values()) == KILLS
    assert (lives.twice, lives.missing, lives.wrong) == ([], [], [])
