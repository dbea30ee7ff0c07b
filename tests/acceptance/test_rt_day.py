"""Half an hour of tests/soak/day.py: a Request Tracker's clock goes on while it is polled."""

from pathlib import Path

import pytest

from tests.servers.moved_clock import library
from tests.servers.rt import installed
from tests.soak.day import Plan, is_wrong, lived

HALF_AN_HOUR = Plan(hours=0.5, seed=6, busy=2.5)
"""More than twice as much happens in it as on a day like any other."""


@pytest.mark.timeout(600)
def test_every_message_starts_one_run_and_nothing_else_does(tmp_path: Path) -> None:
    """Neither our own writes nor out-of-office answers nor people's edits, answers and notes."""
    if not installed():
        pytest.skip("no Request Tracker 5 here: apt install request-tracker5 rt5-standalone")
    if library() is None:
        pytest.skip("no clock here that can be moved: apt install libfaketime")
    with lived(tmp_path, HALF_AN_HOUR) as day:
        found = day.spend()
    assert not is_wrong(found), found
    assert found["runs"] == found["tickets"] + found["replies"]
    assert found["simulated_hours"] >= HALF_AN_HOUR.hours
    assert (found["tickets"], found["replies"], found["auto_replies"]) == (4, 11, 7)
    assert found["states"].keys() <= {"written", "dropped"}, "newer ones, and closed tickets"
    assert found["changes_that_said_nothing_new"] > found["write_backs"] > found["tickets"]
