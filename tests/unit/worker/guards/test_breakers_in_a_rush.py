"""Failures are quick and answers are slow: who is first to end is not who is many."""

import asyncio

from tasks.ports.guards import Ended
from tests.twins.breakers import Process, processes
from worker.guards.passing import Pass

MANY = 200


def _begin(one: Process, calls: int = 1) -> list[Pass]:
    """So many calls, one after the other, that are under way."""

    async def admitted() -> list[Pass]:
        leaves = []
        for _ in range(calls):
            leaves.append(await one.breakers.admit("x"))
            one.clock.at += 0.001
        return leaves

    return asyncio.run(admitted())


def _end(one: Process, leaves: list[Pass], ended: Ended) -> None:
    for leave in leaves:
        one.breakers.report(leave, ended)


def test_one_in_twenty_that_fails_at_once_opens_nothing() -> None:
    """After a pause many begin together, and the first ten that end have all failed."""
    [one] = processes()
    slow = []
    for number in range(MANY):
        leaves = _begin(one)
        if number % 20 == 0:
            _end(one, leaves, Ended.FAILURE)
        else:
            slow += leaves
    assert one.state() == "closed"
    _end(one, slow, Ended.SUCCESS)
    assert one.state() == "closed"
    assert one.breakers.standing("x").calls == MANY


def test_an_outage_is_found_whatever_was_under_way() -> None:
    """Those may yet be answered; what begins after them counts."""
    [one] = processes()
    _begin(one, MANY)
    failed = 0
    while one.state() == "closed" and failed < MANY:
        _end(one, _begin(one), Ended.FAILURE)
        failed += 1
    assert failed <= 30


def test_those_that_are_taken_for_well_and_fail_after_all_count_for_that_too() -> None:
    """Of calls that take equally long it opens by the same share in whatever order they end."""
    for order in (1, -1):
        [one] = processes()
        leaves = _begin(one, 60)[::order]
        _end(one, leaves[:45], Ended.FAILURE)
        assert one.state() == "open"


def test_fewer_than_half_open_nothing_in_whatever_order_they_end() -> None:
    for order in (1, -1):
        [one] = processes()
        for _ in range(20):
            leaves = _begin(one, 10)[::order]
            for place, leave in enumerate(leaves):
                _end(one, [leave], Ended.FAILURE if place % 3 == 2 else Ended.SUCCESS)
            assert one.state() == "closed"


def test_who_fails_a_while_after_it_was_taken_for_well_counts_once() -> None:
    """Else twelve calls that hung together would be most of the newest thirty."""
    [one] = processes()
    hung = _begin(one, 12)
    _end(one, _begin(one), Ended.FAILURE)
    _end(one, _begin(one, 30), Ended.SUCCESS)
    _end(one, hung, Ended.FAILURE)
    assert one.state() == "closed"
    assert one.breakers.standing("x").failing == 12 / 30


def test_who_is_cancelled_was_neither() -> None:
    [one] = processes()
    _end(one, _begin(one, 50), Ended.CANCELLED)
    _end(one, _begin(one, 9), Ended.FAILURE)
    assert one.state() == "closed"
    _end(one, _begin(one), Ended.FAILURE)
    assert one.state() == "open"
