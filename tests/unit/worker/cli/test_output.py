"""What is told in words reads as people write."""

import pytest

from worker.cli.output import tickets_wait


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 tickets wait"), (1, "1 ticket waits"), (2, "2 tickets wait")]
)
def test_one_ticket_is_no_tickets(count: int, told: str) -> None:
    assert tickets_wait(count) == told
