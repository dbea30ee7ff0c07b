"""When a breaker opens whose window never has enough calls to tell a share."""

import asyncio

import pytest

from tasks.ports.guards import Ended
from tests.twins.breakers import CONFIG, processes, sync


@pytest.mark.parametrize("many", [1, 2])
def test_where_few_ask_ten_failures_in_a_row_open_it_however_long_they_take(many: int) -> None:
    """Else each ticket of a quiet night spends its attempts on an outage that nobody sees."""
    fleet = processes(many)
    asyncio.run(fleet[0].call())
    for n in range(9):
        asyncio.run(fleet[n % many].fail(1))
        sync(fleet)
        fleet[0].clock.at += 20 * CONFIG.window_seconds
        sync(fleet)
    assert [one.state() for one in fleet] == ["closed"] * many
    asyncio.run(fleet[0].fail(1))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open"] * many


def test_where_few_ask_one_answer_among_the_last_ten_keeps_it_closed() -> None:
    """Then it is no outage: somebody may have asked what fails whoever asks it."""
    [one] = processes()
    for n in range(40):
        asyncio.run(one.call(Ended.SUCCESS if n % 10 == 0 else Ended.FAILURE))
        one.clock.at += 20 * CONFIG.window_seconds
    assert one.state() == "closed"
