"""The gatehouse: whom it lets go on that wait for money."""

import pytest

from worker.gatehouse import way_of_money
from worker.upkeep.releasing import Way

WAYS = (
    (0, 300, Way.SHUT),
    (-5, None, Way.SHUT),
    (299, 300, Way.PROBE),
    (300, 300, Way.OPEN),
    (1, None, Way.PROBE),
)


@pytest.mark.parametrize(("left", "needed", "way"), WAYS)
def test_a_crowd_goes_on_only_where_a_call_fits(left: int, needed: int | None, way: Way) -> None:
    """Else five thousand would try for the last cent, every second until midnight."""
    assert way_of_money(left, needed) is way
