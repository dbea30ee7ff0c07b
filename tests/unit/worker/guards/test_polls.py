"""Polls wait for their turn at a helpdesk's limit, for a while."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event, Thread

import pytest

from tasks.errors import RateLimited
from tasks.ports.guards import Errand
from tests.acceptance.patience import until
from worker.clock import SystemClock
from worker.guards import polls
from worker.guards.polls import NoTurn, PollPace
from worker.helpdesks.asked import before_each_request, counted, sending
from worker.telemetry.log import Log


class Leaves:
    """Limits that refuse so many times."""

    def __init__(self, refusals: int = 0, wait: float = 0.01) -> None:
        self.refusals = refusals
        self.wait = wait
        self.asked: list[Errand] = []
        self.settled: list[int] = []
        self.closed: list[tuple[str, float | None]] = []
        self.refused = Event()

    async def take(self, errand: Errand) -> None:
        self.asked.append(errand)
        if self.refusals > 0:
            self.refusals -= 1
            self.refused.set()
            raise RateLimited("full", retry_after=self.wait)

    def settle(self, errand: Errand, tokens: int) -> None:
        assert errand.visit
        self.settled.append(tokens)

    def told(self, upstream: str, retry_after: float | None) -> None:
        self.closed.append((upstream, retry_after))


OnLoop = Callable[[Coroutine[None, None, None]], None]


def _pace(leaves: Leaves, *off: str, on_loop: OnLoop = asyncio.run) -> PollPace:
    return PollPace(
        "helpdesk:rt",
        leaves,
        me="a",
        clock=SystemClock(),
        on_loop=on_loop,
        log=Log("test"),
        off=lambda: off,
    )


def test_a_poll_waits_where_it_is_until_there_is_leave() -> None:
    leaves = Leaves(refusals=3)
    _pace(leaves)()
    assert len(leaves.asked) == 4
    assert leaves.settled == [1]
    assert {one.lane for one in leaves.asked} == {"polls"}


def test_one_that_would_wait_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polls, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(NoTurn) as given_up:
        _pace(Leaves(refusals=1, wait=0.5))()
    assert given_up.value.retry_after == 0.5


def test_nobody_waits_in_a_process_that_is_ending() -> None:
    leaves = Leaves(refusals=1, wait=60.0)
    pace = _pace(leaves)
    ended: list[str] = []

    def ask() -> None:
        try:
            pace()
        except NoTurn:
            ended.append("given up")

    waiting = Thread(target=ask)
    waiting.start()
    assert leaves.refused.wait(5)
    pace.end()
    waiting.join(5)
    assert ended == ["given up"]


def test_what_the_helpdesk_said_is_told_where_the_limits_live() -> None:
    """On the loop: limits are for one thread."""
    leaves, where = Leaves(), list[str]()

    def on_loop(told: Coroutine[None, None, None]) -> None:
        where.append("loop")
        asyncio.run(told)

    _pace(leaves, on_loop=on_loop).told(RateLimited("429", retry_after=7.0))
    assert (where, leaves.closed) == (["loop"], [("helpdesk:rt", 7.0)])


def test_while_limits_are_switched_off_nobody_is_asked() -> None:
    leaves = Leaves(refusals=1)
    _pace(leaves, "rate_limits")()
    assert leaves.asked == []


def test_those_who_ask_at_once_ask_one_after_the_other() -> None:
    """So that the first takes leave for all of them."""
    leaves = Leaves(refusals=1, wait=0.05)
    pace = _pace(leaves)
    threads = [Thread(target=pace) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(leaves.settled) == 4)
    assert len(leaves.asked) == 5


def test_requests_are_told_of_within_and_nowhere_else() -> None:
    sending()
    with counted() as outer:
        sending()
        with counted() as inner:
            sending()
        sending()
    sending()
    assert (outer.requests, inner.requests) == (2, 1)


def test_whoever_is_told_may_refuse() -> None:
    def refuse() -> None:
        raise RateLimited("full", retry_after=1.0)

    with before_each_request(refuse), pytest.raises(RateLimited):
        sending()
