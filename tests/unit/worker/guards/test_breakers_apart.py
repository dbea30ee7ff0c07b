"""Processes that do not hear of each other for a while, and what is forgotten meanwhile."""

import asyncio

from tasks.errors import BreakerOpen
from tasks.ports.guards import Ended
from tests.twins.breakers import opened, processes, sync


def test_a_process_on_its_own_opens_and_closes_by_what_it_sees() -> None:
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "closed"]
    fleet[0].clock.at += 12
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    assert fleet[0].state() == "ramp"


def test_on_its_own_it_waits_longer_before_it_probes() -> None:
    """It is not the only one, and who has probed just before Redis went was not heard."""
    [one] = processes()
    asyncio.run(one.fail(10))
    one.clock.at += 11.2
    assert isinstance(asyncio.run(one.call()), BreakerOpen)
    one.clock.at += 0.1
    asyncio.run(one.probe())


def test_what_it_found_alone_is_everybodys_when_they_are_back() -> None:
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    fleet[0].shared.is_away = False
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "open"]


def test_of_two_who_changed_it_at_the_same_time_one_is_heard() -> None:
    fleet = opened(2)
    fleet[0].clock.at += 5
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    fleet[1].shared.is_away = True
    fleet[1].breakers.sync()
    fleet[1].clock.at += 12
    other = asyncio.run(fleet[1].probe())
    fleet[1].breakers.report(other, Ended.FAILURE)
    fleet[1].shared.is_away = False
    fleet[0].breakers.sync()
    sync(fleet)
    assert {one.state() for one in fleet} <= {"ramp", "closed"}


def test_what_was_flushed_is_put_back_by_who_knows_most() -> None:
    """An old hand that has not heard of the last change does not take it back."""
    fleet = opened(3)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.FAILURE)
    fleet[0].breakers.sync()
    fleet[0].clock.at += 2
    fleet[0].shared.flush()
    for one in reversed(fleet):
        one.breakers.sync()
    sync(fleet)
    assert [one.breakers.standing("x").probe_in for one in fleet] == [8.0] * 3


def test_a_probe_under_way_is_not_forgotten_with_a_flush() -> None:
    fleet = opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].shared.flush()
    fleet[0].breakers.sync()
    fleet[1].breakers.sync()
    assert isinstance(asyncio.run(fleet[1].call()), BreakerOpen)


def test_a_process_that_starts_knows_at_once_what_is_open() -> None:
    fleet = opened(1)
    [late] = processes()
    late.breakers._shared = fleet[0].shared  # noqa: SLF001 - it joins them
    late.breakers.start()
    try:
        assert isinstance(asyncio.run(late.call()), BreakerOpen)
    finally:
        late.breakers.stop()


def test_a_process_that_starts_tells_nothing_of_what_it_never_asks() -> None:
    """Else a name that nobody uses any more would be told on and on, by everybody."""
    fleet = opened(1)
    asyncio.run(fleet[0].call(name="y"))
    fleet[0].breakers.sync()
    [late] = processes()
    late.breakers._shared = fleet[0].shared  # noqa: SLF001 - it joins them
    late.breakers.start()
    late.breakers.stop()
    assert [one.name for one in late.breakers.standings()] == ["x"]
