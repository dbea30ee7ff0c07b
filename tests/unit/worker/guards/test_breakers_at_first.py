"""A process that asks for a breaker for the first time, and has not heard how it stands."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tasks.errors import BreakerOpen
from tests.acceptance.patience import until
from tests.twins.breakers import Process, opened, processes, sync
from tests.twins.shared_breakers import MemoryShared
from worker.guards.shared import Heard, Told

STILL = 0.2
"""Seconds in which nothing happens."""


@dataclass(kw_only=True)
class Slow(MemoryShared):
    """Answers once the test says so."""

    answers: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def sync(self, told: Sequence[Told]) -> Sequence[Heard]:
        self.asked += [one.name for one in told]
        assert self.answers.wait(30)
        return super().sync(told)


@contextmanager
def _joined() -> Iterator[tuple[Process, Slow]]:
    """One that has started, and then somebody else opened x."""
    [late], fleet = processes(), opened(1)
    shared = Slow(clock=late.clock)
    late.breakers._shared = shared  # noqa: SLF001 - the test says when it answers
    late.breakers.start()
    shared.__dict__.update(
        _kept=fleet[0].shared._kept,  # noqa: SLF001 - it hears of them now
        _leases=fleet[0].shared._leases,  # noqa: SLF001
    )
    try:
        yield late, shared
    finally:
        shared.answers.set()
        late.breakers.stop()


def _asked(late: Process, calls: int, meanwhile: Callable[[], None]) -> list[object]:
    """What became of so many calls that came at once."""

    async def asking() -> list[object]:
        waiting = [asyncio.ensure_future(late.call()) for _ in range(calls)]
        await asyncio.sleep(STILL)
        assert not any(one.done() for one in waiting)
        meanwhile()
        return list(await asyncio.gather(*waiting))

    return asyncio.run(asking())


def test_the_first_calls_wait_to_hear_how_it_stands() -> None:
    """It opened before this process had asked for it: else all its slots would call it."""
    with _joined() as (late, shared):
        held = _asked(late, 20, shared.answers.set)
    assert all(isinstance(one, BreakerOpen) for one in held)
    assert set(shared.asked) == {"x"}


def test_of_what_was_known_from_the_start_nobody_has_to_hear_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is told on and on has no first call: one that takes long to tell holds nobody up."""
    monkeypatch.setattr("worker.guards.breakers.MEETING_SECONDS", 60.0)
    [late], fleet = processes(), opened(1)
    late.breakers._shared = shared = Slow(clock=late.clock)  # noqa: SLF001 - says when it answers
    shared.__dict__.update(_kept=fleet[0].shared._kept)  # noqa: SLF001 - it hears of them now
    shared.answers.set()
    late.breakers.start(["x", "y"])
    try:
        shared.answers.clear()
        held, free = asyncio.run(_both(late))
        assert isinstance(held, BreakerOpen)
        assert free is None
        assert set(shared.asked) == {"x", "y"}
    finally:
        shared.answers.set()
        late.breakers.stop()


@dataclass(kw_only=True)
class Emptied(MemoryShared):
    """Has forgotten all; somebody who knows tells again between the first look and the second."""

    tells: list[Process]
    looks: int = 0

    def names(self) -> Sequence[str]:
        self.looks += 1
        if self.looks == 2:
            sync(self.tells)
        return super().names()


def test_who_knows_nothing_is_not_the_first_to_tell_where_all_was_forgotten() -> None:
    """Else each worker that starts after a FLUSHALL would close what is open."""
    [late], fleet = processes(), opened(1)
    shared = Emptied(clock=late.clock, tells=fleet)
    late.breakers._shared = fleet[0].breakers._shared = shared  # noqa: SLF001 - an empty one
    late.breakers.start(["x"])
    late.breakers.stop()
    assert [late.state(), fleet[0].state()] == ["open", "open"]


async def _both(late: Process) -> tuple[object, object]:
    return await asyncio.wait_for(asyncio.gather(late.call(), late.call(name="y")), 20)


def test_they_go_on_once_nobody_is_there_to_be_heard() -> None:
    """Then each process counts by itself, and does not wait any more."""
    with _joined() as (late, shared):

        def goes_away() -> None:
            shared.is_away = True
            shared.answers.set()

        assert _asked(late, 3, goes_away) == [None] * 3
        shared.answers.clear()
        assert asyncio.run(late.call(name="y")) is None


def test_they_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.guards.breakers.MEETING_SECONDS", 0.05)
    with _joined() as (late, shared):
        assert asyncio.run(late.call()) is None
        until(lambda: shared.asked == ["x"])
