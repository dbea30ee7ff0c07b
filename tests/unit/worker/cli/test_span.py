"""Moments as operators write them, however they do."""

import pytest

from tasks.errors import OperatorError
from worker.cli.span import stamp
from worker.helpdesks.feed import EPOCH

NOW = 1_795_161_600.0  # 2026-11-20T08:00:00Z


@pytest.mark.parametrize(
    ("said", "stamped"),
    [
        ("2h", "2026-11-20T06:00:00Z"),
        ("30d", "2026-10-21T08:00:00Z"),
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-20T08:00+02:00", "2026-11-20T06:00:00Z"),
        ("999999999999d", EPOCH),
        ("9" * 400 + "d", EPOCH),
        ("0001-01-01", EPOCH),
        ("9999-12-31T23:59:59-23:59", "2026-11-20T08:00:00Z"),
    ],
    ids=["hours", "days", "day", "zone", "ago", "longer than a float", "year one", "to come"],
)
def test_a_moment_is_one_that_a_helpdesk_can_be_asked_for(said: str, stamped: str) -> None:
    assert stamp(said, NOW) == stamped


@pytest.mark.parametrize("said", ["", "soon", "2026-13-01", "-3d", "3 weeks"])
def test_what_is_no_moment_is_refused(said: str) -> None:
    with pytest.raises(OperatorError, match="2026-11-20T08:00"):
        stamp(said, NOW)
