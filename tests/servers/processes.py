"""Two processes, for what must hold between processes; what both are given begins at once."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Protocol, TypeVar

import pytest

Found = TypeVar("Found")


class Waits(Protocol):
    """A barrier, between threads or processes."""

    def wait(self) -> int: ...


_barrier: Waits


def meet() -> None:
    """Waits for the other process."""
    _barrier.wait()


def _arrive(barrier: Waits) -> None:
    global _barrier  # noqa: PLW0603 - a barrier reaches a process only when the process begins
    _barrier = barrier


class TwoProcesses:
    """Works that are a pair, one in each process."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def run(self, *works: tuple[Callable[..., Found], tuple[object, ...]]) -> list[Found]:
        """What each of the two gives. Both have to call `meet` once, or neither."""
        first, second = works
        both = [self._pool.submit(work, *given) for work, given in (first, second)]
        return [one.result() for one in both]


@pytest.fixture(scope="session")
def two_processes() -> Iterator[TwoProcesses]:
    """Two processes that know nothing of this one."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2, timeout=60)
    with ProcessPoolExecutor(2, spawn, initializer=_arrive, initargs=(barrier,)) as pool:
        yield TwoProcesses(pool)
