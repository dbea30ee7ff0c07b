"""What is loaded for good is no work for the garbage collector, and the rest still is."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from worker.processes.for_good import for_good


class Ring:
    """Refers to itself: only the collector takes it away."""

    def __init__(self) -> None:
        self.myself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


def test_what_is_loaded_within_is_never_looked_at_again() -> None:
    """It is not even seen."""
    with for_good():
        assert not gc.isenabled()
        loaded = [Ring() for _ in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(loaded)
    assert not any(isinstance(one, Ring) for one in gc.get_objects())


def test_what_comes_after_it_is_collected() -> None:
    """A fleet runs for months."""
    with for_good():
        pass
    gone = weakref.ref(Ring())
    gc.collect()
    assert gone() is None


def test_whatever_goes_wrong_within_it_collects_again_and_all_of_it() -> None:
    """A start that is tried again for hours makes garbage."""
    with pytest.raises(OSError, match="away"), for_good():
        raise OSError("away")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_who_does_without_a_collector_goes_on_without() -> None:
    """It is not ours to turn on."""
    gc.disable()
    with for_good():
        pass
    assert not gc.isenabled()
