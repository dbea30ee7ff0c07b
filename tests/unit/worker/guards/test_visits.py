"""Many requests with one leave: what a visit takes, what goes through with it, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tasks.errors import RateLimited
from tasks.ports.guards import Errand
from worker.clock import SystemClock
from worker.guards.narrowing import LATELY, MANY
from worker.guards.visits import PATIENCE_SECONDS, Visits

RT = "helpdesk:rt"
IDLE = 0.05
VISIT = 4


class Leaves:
    """Limits of so many requests altogether; keeps what was taken and what it came to."""

    def __init__(self, room: int = 1_000, *, limited: bool = True) -> None:
        self.room = room
        self.limited = limited
        self.taken: list[str | None] = []
        self.settled: list[tuple[str | None, int]] = []
        self.ago: list[float | None] = []
        self.shut_seconds = 0.0

    def has(self, upstream: str) -> bool:
        return self.limited and upstream == RT

    def look_at_door(self, upstream: str) -> None:
        if self.shut_seconds:
            raise RateLimited(upstream, retry_after=self.shut_seconds)

    async def take(self, errand: Errand) -> None:
        await asyncio.sleep(0)
        if self.room < errand.visit:
            raise RateLimited("full", retry_after=5.0)
        self.room -= errand.visit
        self.taken.append(errand.whose)

    def settle(self, errand: Errand, tokens: int, *, ago: float | None = None) -> None:
        self.settled.append((errand.whose, tokens))
        self.ago.append(ago)

    def told(self, upstream: str, retry_after: float | None) -> None:
        """Not here."""


def _errand(whose: str = "T-1") -> Errand:
    return Errand(upstream=RT, whose=whose, visit=VISIT)


def _play(leaves: Leaves, play: Callable[[Visits], Awaitable[None]], *, rest: float = 0.0) -> None:
    async def whole() -> None:
        await play(Visits(leaves, clock=SystemClock(), idle=IDLE))
        await asyncio.sleep(rest)

    asyncio.run(whole())


async def _ask(visits: Visits, whose: str = "T-1", *, requests: int = 1) -> None:
    """One request of a visit, as the doors have it: each of them has an errand of its own."""
    errand = _errand(whose)
    await visits.take(errand)
    visits.settle(errand, requests)


async def _over(leaves: Leaves, visits: int = 1) -> None:
    """Waits until so many visits are settled."""
    async with asyncio.timeout(5):
        while len(leaves.settled) < visits:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(IDLE / 10)


def test_the_first_takes_leave_for_all_and_what_is_left_is_given_back() -> None:
    """A look, a write that is two requests: one leave of four, three of which were used."""
    leaves = Leaves()

    async def play(visits: Visits) -> None:
        await _ask(visits)
        await _ask(visits, requests=2)
        assert leaves.settled == []
        await _over(leaves)

    _play(leaves, play)
    assert leaves.taken == ["T-1"]
    assert leaves.settled == [("T-1", 3)]
    assert leaves.ago[0] == pytest.approx(IDLE, abs=1.0)


def test_a_visit_that_has_begun_goes_through_where_nobody_else_does() -> None:
    leaves = Leaves(room=VISIT)

    async def play(visits: Visits) -> None:
        await _ask(visits)
        with pytest.raises(RateLimited):
            await _ask(visits, "T-2")
        for _ in range(VISIT - 1):
            await _ask(visits)
        with pytest.raises(RateLimited):  # it has used up what it had
            await _ask(visits)

    _play(leaves, play)
    assert leaves.settled == [("T-1", VISIT)]


def test_who_is_refused_asks_again_as_for_the_first_time() -> None:
    leaves = Leaves(room=0)

    async def play(visits: Visits) -> None:
        with pytest.raises(RateLimited):
            await _ask(visits)
        leaves.room = VISIT
        await _ask(visits)

    _play(leaves, play)
    assert leaves.taken == ["T-1"]


def test_those_who_come_at_once_share_a_leave_or_its_refusal() -> None:
    """As the four kinds of facts about one customer do."""
    for room, refused in ((VISIT, 0), (0, VISIT)):
        leaves = Leaves(room=room)

        async def play(visits: Visits, refused: int = refused) -> None:
            calls = [_ask(visits) for _ in range(VISIT)]
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(one, RateLimited) for one in found) == refused

        _play(leaves, play)
        assert len(leaves.taken) == (1 if room else 0)


def test_a_request_that_takes_long_keeps_its_visit() -> None:
    """It may be several requests, and none of them has been counted yet."""
    leaves = Leaves()

    async def play(visits: Visits) -> None:
        errand = _errand()
        await visits.take(errand)
        await asyncio.sleep(4 * IDLE)
        assert leaves.settled == []
        visits.settle(errand, 3)
        await _over(leaves)

    _play(leaves, play)
    assert leaves.settled == [("T-1", 3)]


def test_one_who_hangs_up_while_it_waits_for_leave_is_not_counted() -> None:
    """The leave is the others' who came with it; where nobody did, it is given back whole."""
    leaves = Leaves()

    async def play(visits: Visits) -> None:
        asking = asyncio.create_task(_ask(visits))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await _over(leaves)

    _play(leaves, play)
    assert leaves.settled == [("T-1", 0)]


def test_a_visit_waits_where_its_helpdesk_asks_to_be_left_alone_and_no_other_begins() -> None:
    """As long as that is bearable; else it begins again with looking."""
    leaves = Leaves()

    async def play(visits: Visits) -> None:
        await _ask(visits)
        leaves.shut_seconds = IDLE
        waiting = asyncio.create_task(_ask(visits))
        await asyncio.sleep(0)
        with pytest.raises(RateLimited, match=RT):
            await _ask(visits, "T-2")
        assert not waiting.done()
        leaves.shut_seconds = 0.0
        await waiting
        leaves.shut_seconds = PATIENCE_SECONDS + 1
        with pytest.raises(RateLimited, match=RT):
            await _ask(visits)

    _play(leaves, play)


def test_without_a_limit_nobody_takes_leave() -> None:
    leaves = Leaves(limited=False)

    async def play(visits: Visits) -> None:
        for _ in range(2 * VISIT):
            await _ask(visits)
        await _ask(visits, "T-2")
        leaves.shut_seconds = 9.0
        with pytest.raises(RateLimited):
            await _ask(visits, "T-3")

    _play(leaves, play, rest=2 * IDLE)
    assert not leaves.taken
    assert not leaves.settled


def test_a_visit_that_went_on_while_limits_were_off_ends_like_any_other() -> None:
    """What came then took no leave, and is told of all the same."""
    leaves = Leaves()

    async def play(visits: Visits) -> None:
        await _ask(visits)
        visits.settle(_errand(), 2)
        await _over(leaves)

    _play(leaves, play)
    assert [whose for whose, _ in leaves.settled] == ["T-1"]


async def _refused(visits: Visits, whose: str, times: int) -> None:
    """Each call of it is answered with 429."""
    for _ in range(times):
        await _ask(visits, whose)
        visits.told(RT, None)


def test_who_says_429_without_a_limit_of_ours_is_visited_by_few_at_a_time() -> None:
    """From the first request to the last; the next one comes when a visit is over."""
    leaves = Leaves(limited=False)

    async def play(visits: Visits) -> None:
        await _ask(visits, "T-1")
        await _refused(visits, "T-2", MANY)
        for whose in ("T-1", "T-2"):
            await _ask(visits, whose)
        with pytest.raises(RateLimited, match="slow down"):
            await _ask(visits, "T-3")
        async with asyncio.timeout(5):
            while True:
                try:
                    await _ask(visits, "T-3")
                except RateLimited:
                    await asyncio.sleep(IDLE / 10)
                else:
                    return

    _play(leaves, play)


def test_a_429_now_and_then_holds_nobody_back() -> None:
    """The upstream is left alone for as long as it has said, and that is all."""
    leaves = Leaves(limited=False)

    async def play(visits: Visits) -> None:
        for number in range(5 * LATELY):
            await _refused(visits, "T-1", 1) if number % 5 == 0 else await _ask(visits, "T-2")
        await _ask(visits, "T-3")

    _play(leaves, play)


def test_where_nobody_visits_there_is_nobody_to_hold_back() -> None:
    """A provider of models, or a poll's 429 while nothing is written."""
    leaves = Leaves(limited=False)

    async def play(visits: Visits) -> None:
        visits.told("openai", None)
        visits.told(RT, None)
        await _ask(visits, "T-1")
        await _ask(visits, "T-2")

    _play(leaves, play)
