"""One snapshot for all viewers, and none for nobody."""

import asyncio
import threading

import pytest

from tasks.errors import LedgerDown
from tests.twins.clock import NOON, StillClock
from tests.unit.worker.pages.views import a_snapshot
from worker.pages import watch as watching
from worker.pages.snapshot import Snapshot
from worker.pages.watch import Watch


class Studio:
    """A camera that counts, and can be told to fail or to take its time."""

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.taken = 0
        self.ledger_seconds = 0.0
        self.fails: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def take(self) -> Snapshot:
        """A snapshot of now."""
        self.taken += 1
        self.free.wait(10)
        if self.fails:
            raise self.fails
        return a_snapshot(at=self.clock.at, ledger_seconds=self.ledger_seconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def studio(clock: StillClock) -> Studio:
    return Studio(clock)


@pytest.fixture
def watch(studio: Studio, clock: StillClock) -> Watch:
    return Watch(studio.take, clock, every=2.0)


def _see(watch: Watch, times: int = 1) -> list[watching.View]:
    """So many look at once."""

    async def look() -> list[watching.View]:
        return await asyncio.gather(*(watch.look() for _ in range(times)))

    return asyncio.run(look())


def test_nobody_looks_and_nothing_is_read(watch: Watch, studio: Studio, clock: StillClock) -> None:
    assert watch.every == 2.0
    clock.at += 3_600
    assert studio.taken == 0


def test_all_who_look_at_once_see_one_snapshot(watch: Watch, studio: Studio) -> None:
    views = _see(watch, 50)
    assert studio.taken == 1
    assert len({id(view.snapshot) for view in views}) == 1


def test_it_is_renewed_when_its_time_is_over(
    watch: Watch, studio: Studio, clock: StillClock
) -> None:
    ages = []
    for _ in range(5):
        ages.append(_see(watch)[0].age)
        clock.at += 1
    assert studio.taken == 3
    assert ages == [0, 1, 0, 1, 0]


def test_a_slow_ledger_is_asked_less_often(watch: Watch, studio: Studio, clock: StillClock) -> None:
    """However large it is, no more than a tenth of the time goes into looking at it."""
    studio.ledger_seconds = 3.0
    for _ in range(60):
        _see(watch)
        clock.at += 1
    assert studio.taken == 2


def test_a_ledger_that_is_down_leaves_the_last_snapshot_with_its_age(
    watch: Watch, studio: Studio, clock: StillClock
) -> None:
    _see(watch)
    studio.fails = LedgerDown("it does not answer")
    clock.at += 5
    [view] = _see(watch)
    assert view.snapshot
    assert view.snapshot.at == NOON
    assert view.age == 5
    assert str(view.trouble) == "ledger down: it does not answer"
    studio.fails = None
    clock.at += 2
    assert _see(watch)[0].trouble is None


def test_a_bug_is_said_and_not_shown(watch: Watch, studio: Studio) -> None:
    studio.fails = ValueError("the ticket's own words")
    [view] = _see(watch)
    assert view.snapshot is None
    assert str(view.trouble) == "page broken: no snapshot could be taken (ValueError)"


def _hang(watch: Watch, studio: Studio, clock: StillClock) -> tuple[watching.View, watching.View]:
    """What one sees while the ledger hangs, and when it goes on."""

    async def look() -> tuple[watching.View, watching.View]:
        studio.free.clear()
        await watch.look()
        clock.at += 9
        stuck = await watch.look()
        studio.free.set()
        found = stuck
        while found.snapshot is None:
            found = await watch.look()
        return stuck, found

    return asyncio.run(look())


def test_a_ledger_that_hangs_keeps_nobody_waiting_for_long(
    watch: Watch, studio: Studio, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PATIENCE", 0.05)
    stuck, found = _hang(watch, studio, clock)
    assert str(stuck.trouble) == "ledger down: it was asked 9 s ago and has not answered yet"
    assert found.trouble is None
    assert studio.taken == 1
