"""The observer: no life is declared over that may still be lived."""

from pathlib import Path

import pytest

from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from tests.twins.clock import NOON, StillClock
from worker.upkeep.incarnation import LifeLock, has_ended
from worker.upkeep.observer import Observer

OTHER = Incarnation("there-2-second")
LONG = 1e6


def _row(beat: int, incarnation: Incarnation = OTHER) -> WorkerRow:
    return WorkerRow(
        incarnation=incarnation,
        host="there",
        pid=2,
        version="0.1.0",
        tiers=("economy",),
        beat=beat,
        started_at=NOON,
        beat_at=NOON,
    )


class Watch:
    """An observer and the clock on its wall."""

    def __init__(self, locks: Path) -> None:
        self.clock = StillClock(at=0.0)
        self.observer = Observer(locks, self.clock, lapse=6.0)

    def look(self, at: float, *beats: int, steady: float = LONG) -> list[Incarnation]:
        """What it sees at that moment."""
        self.clock.at = at
        return self.observer.lapsed([_row(beat) for beat in beats], steady_seconds=steady)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Somebody who looks for the first time."""
    return Watch(tmp_path)


def test_a_counter_that_stood_still_for_the_whole_lapse_is_a_life_that_is_over(
    watch: Watch,
) -> None:
    assert [watch.look(second, 7) for second in range(6)] == [[]] * 6
    assert watch.look(6, 7) == [OTHER]
    assert watch.look(7, 7) == [OTHER], "until somebody has written it down"


def test_every_beat_begins_it_anew(watch: Watch) -> None:
    for second in range(20):
        assert watch.look(second, second // 5) == []


def test_a_life_that_is_seen_for_the_first_time_has_all_its_time(watch: Watch) -> None:
    watch.look(1_000)
    assert watch.look(1_003, 7) == []
    assert watch.look(1_006, 7) == []
    assert watch.look(1_009, 7) == [OTHER]


def test_while_the_ledger_was_away_from_us_nobody_lapses(watch: Watch) -> None:
    for second in range(20):
        assert watch.look(second, 7, steady=min(second, 5.9)) == []
    assert watch.look(20, 7, steady=6.0) == [OTHER]


def test_an_observer_that_was_frozen_itself_looks_again(watch: Watch) -> None:
    """What it holds in its hands may have been read before it froze."""
    watch.look(0, 7)
    assert watch.look(600, 7) == []
    assert watch.look(601, 8) == []


def test_who_is_no_longer_listed_is_forgotten(watch: Watch) -> None:
    for second in range(6):
        watch.look(second, 7)
    watch.look(6)
    assert watch.look(7, 7) == []


def test_on_this_machine_the_kernel_tells_at_once(watch: Watch, tmp_path: Path) -> None:
    life = LifeLock(tmp_path, OTHER)
    assert watch.look(0, 7) == []
    life._handle.close()  # noqa: SLF001 - as the kernel does when a process is killed
    assert watch.look(0, 7) == [OTHER]


def test_a_lock_that_was_never_there_or_was_released_says_nothing(tmp_path: Path) -> None:
    assert not has_ended(tmp_path, OTHER)
    life = LifeLock(tmp_path, OTHER)
    assert not has_ended(tmp_path, OTHER)
    life.release()
    assert not has_ended(tmp_path, OTHER)
