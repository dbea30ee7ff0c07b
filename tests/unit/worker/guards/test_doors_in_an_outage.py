"""Which requests that fail cost the run an attempt that made them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tasks.errors import BreakerOpen, LedgerDown, ProviderDown
from tasks.ports.guards import Errand
from tests.twins.breakers import Process, opened, processes, sync
from worker.guards.doors import Doors
from worker.ledgers.tripping import Trip

Meanwhile = Callable[[Process], Awaitable[None]]


async def _nothing(one: Process) -> None:
    del one


async def _trip(one: Process) -> None:
    one.book.tripped.append(Trip(name="x", since=1.0, by="ada", why="they are away"))
    one.scribe.look()


def _fail(one: Process, meanwhile: Meanwhile = _nothing, upstream: str = "x") -> None:
    """One request that fails, and during which that happens."""

    async def call() -> None:
        async with Doors(one.breakers).admit(Errand(upstream=upstream)):
            await meanwhile(one)
            raise ProviderDown("503")

    asyncio.run(call())


@pytest.mark.parametrize(
    "meanwhile",
    [lambda one: one.fail(9), lambda one: one.fail(8), _trip],
    ids=["it has opened", "this one opens it", "somebody trips it"],
)
def test_who_fails_and_finds_the_breaker_open_spends_no_attempt(meanwhile: Meanwhile) -> None:
    """Else all that are in flight when an outage begins pay for it, and the fourth buries them."""
    [one] = processes()
    with pytest.raises(BreakerOpen, match="x is away: 503") as held:
        _fail(one, meanwhile)
    assert isinstance(held.value.__cause__, ProviderDown)
    assert held.value.dependency == "x"
    with pytest.raises(ProviderDown):
        _fail(one, upstream="y")


@pytest.mark.parametrize("kind", [asyncio.CancelledError, LedgerDown])
def test_what_comes_between_is_no_word_of_the_upstreams(kind: type[BaseException]) -> None:
    """A request has failed, and whoever writes that down is told to stop: then that is what is."""
    [one] = processes()

    async def call() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            await one.fail(9)
            permit.tell(ProviderDown("503"))
            raise kind

    with pytest.raises(kind):
        asyncio.run(call())
    assert one.state() == "open"


def test_who_had_leave_and_asks_late_is_held_back_all_the_same() -> None:
    """Between leave and request the money is set aside: in a rush that may take a second."""
    [one] = processes()

    async def late() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            permit.look()
            await one.fail(9)
            permit.look()

    with pytest.raises(BreakerOpen, match="by now"):
        asyncio.run(late())


def test_a_probe_may_always_ask() -> None:
    one = _due()

    async def probe() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            permit.look()

    asyncio.run(probe())


def test_a_probe_has_its_interval_from_when_it_leaves() -> None:
    """Money was waited for: who comes next must not come right behind it."""
    one, other = _two_due()

    async def probe() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            one.clock.at += 3
            permit.look()
            sync([one, other])
            one.clock.at += 4  # the lease that it had is over
            assert isinstance(await other.call(), BreakerOpen)
            one.clock.at += 1.1
            await other.probe()

    asyncio.run(probe())


def test_a_probe_that_would_leave_too_late_is_not_sent_and_has_failed() -> None:
    """Else the next one is on its way as well before anybody knows."""
    one, other = _two_due()

    async def late() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            one.clock.at += 4
            permit.look()

    with pytest.raises(BreakerOpen, match="probed again"):
        asyncio.run(late())
    sync([one, other])
    assert {each.breakers.standing("x").probe_in for each in (one, other)} == {10.0}


def test_a_probe_that_was_given_up_is_not_sent() -> None:
    """Its process had the time to see that it took too long, and somebody else may probe now."""
    one, _ = _two_due()

    async def given_up() -> None:
        async with Doors(one.breakers).admit(Errand(upstream="x")) as permit:
            one.clock.at += 5.1
            assert isinstance(await one.call(), BreakerOpen)
            permit.look()

    with pytest.raises(BreakerOpen, match="probed again"):
        asyncio.run(given_up())


def test_who_fails_on_the_ramp_spends_no_attempt() -> None:
    """An outage that was over for a moment is the same one."""
    one = _due(chance=0.05)
    asyncio.run(one.call())
    assert one.state() == "ramp"
    with pytest.raises(BreakerOpen):
        _fail(one)


def test_who_fails_with_the_breaker_closed_spends_one() -> None:
    """As nine do before it opens, or any number where few fail."""
    [one] = processes()
    for _ in range(9):
        with pytest.raises(ProviderDown):
            _fail(one)


@pytest.mark.parametrize(
    ("well", "failed", "falters"),
    [(30, 8, True), (40, 1, False), (0, 4, False), (6, 4, True)],
    ids=["a quarter of the last", "one of many", "too few to tell", "just enough"],
)
def test_whoever_fails_hears_whether_others_do_as_well(
    well: int, failed: int, *, falters: bool
) -> None:
    """Then it need not be its own doing, and its last attempt is not spent on that."""
    [one] = processes()

    async def before() -> None:
        for _ in range(well):
            await one.call()
        await one.fail(failed - 1)

    asyncio.run(before())
    with pytest.raises(ProviderDown) as found:
        _fail(one)
    assert found.value.falters is falters
    assert one.state() == "closed"


def test_a_probe_that_fails_is_no_attempt_of_the_run_that_made_it() -> None:
    """The oldest one makes them all: an outage would bury it."""
    with pytest.raises(BreakerOpen) as held:
        _fail(_due())
    assert isinstance(held.value.__cause__, ProviderDown)
    assert held.value.dependency == "x"


def _due(chance: float = 0.5) -> Process:
    """Its breaker is open, and its probe is due."""
    [one] = opened(chance=chance)
    one.clock.at += 5
    return one


def _two_due() -> tuple[Process, Process]:
    """They share a breaker that is open, and its probe is due."""
    one, other = opened(2)
    one.clock.at += 5
    sync([one, other])
    return one, other
