"""Processes that share breakers in one place, by a clock that stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from config.guards import Breaker
from tasks.errors import LedgerDown, Misconfigured, TriageError
from tasks.ports.guards import Ended
from tests.twins.clock import StillClock
from tests.twins.shared_breakers import MemoryShared
from worker.guards.breakers import Breakers
from worker.guards.passing import Pass
from worker.guards.scribe import Scribe
from worker.ledgers.noticing import Notice
from worker.ledgers.tripping import Trip
from worker.telemetry.log import Log

CONFIG = Breaker()


@dataclass(kw_only=True)
class MemoryBook:
    """The part of a ledger that breakers have to do with."""

    is_down: bool = False
    kept: dict[str, Notice] = field(default_factory=dict)
    tripped: list[Trip] = field(default_factory=list)

    def notice(self, notices: Sequence[Notice]) -> None:
        self._answer()
        for one in notices:
            self.kept.setdefault(one.id, one)

    def trips(self) -> Sequence[Trip]:
        self._answer()
        return list(self.tripped)

    def _answer(self) -> None:
        if self.is_down:
            raise LedgerDown("as the test wants it")


@dataclass(kw_only=True)
class Process:
    """One of them. Nothing happens in it by itself: the test has it sync and look."""

    clock: StillClock
    shared: MemoryShared
    book: MemoryBook
    breakers: Breakers
    scribe: Scribe

    async def call(
        self, ended: Ended = Ended.SUCCESS, name: str = "x", error: Misconfigured | None = None
    ) -> TriageError | None:
        """One call that ends like this; what kept it back, where it was not made."""
        try:
            leave = await self.breakers.admit(name)
        except TriageError as held:
            return held
        self.breakers.report(leave, ended, error)
        return None

    async def fail(self, times: int = 10, name: str = "x") -> None:
        """So many calls that fail; none of them may be kept back."""
        for _ in range(times):
            assert await self.call(Ended.FAILURE, name) is None

    async def probe(self, name: str = "x") -> Pass:
        """The probe, which must be let through."""
        leave = await self.breakers.admit(name)
        assert leave.probe is not None
        return leave

    def state(self, name: str = "x") -> str:
        """As people are shown it."""
        return self.breakers.standing(name).state


def processes(number: int = 1, config: Breaker = CONFIG, chance: float = 0.5) -> list[Process]:
    """So many that share everything, each having heard of the others."""
    clock = StillClock()
    shared, book, names = MemoryShared(clock=clock), MemoryBook(), count()
    made = []
    for _ in range(number):
        scribe = Scribe(book, Log("test"))
        breakers = Breakers(
            config,
            shared,
            clock=clock,
            chance=lambda: chance,
            token=lambda: f"token-{next(names)}",
            scribe=scribe,
            log=Log("test"),
        )
        made.append(
            Process(clock=clock, shared=shared, book=book, breakers=breakers, scribe=scribe)
        )
    return made


def sync(fleet: Sequence[Process]) -> None:
    """Each tells and hears, twice: the first one hears of what the last one told."""
    for one in (*fleet, *fleet):
        one.breakers.sync()


def opened(number: int = 1, config: Breaker = CONFIG, chance: float = 0.5) -> list[Process]:
    """A fleet whose breaker x has just opened."""
    fleet = processes(number, config, chance)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    sync(fleet)
    assert {one.state() for one in fleet} == {"open"}
    return fleet
