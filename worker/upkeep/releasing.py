"""Lets runs go on that a guard held back, as soon as that guard lets through again."""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum

from tasks.ports.clock import Clock
from tasks.run import Run
from worker.ledgers.sql import SqlLedger


class Way(StrEnum):
    """How a guard stands to those that it holds back."""

    SHUT = "shut"
    PROBE = "probe"  # one may try
    RAMP = "ramp"  # it has just opened: a few at a time
    OPEN = "open"


Ways = Callable[[Collection[str]], Mapping[str, Way]]
"""How each of these guards stands; one that nobody knows any more is open."""

PROBE_SECONDS = 5.0
"""Between two runs that are sent to try the same guard: the first may still be on its way."""

FIRST = 20
"""Let go at once when a guard opens; twice as many with each sweep, so that nobody is trampled."""


class Releasing:
    """Remembers how far each guard's crowd has been let go."""

    def __init__(self, ledger: SqlLedger, clock: Clock, ways: Ways) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ways = ways
        self._tried: dict[str, float] = {}
        self._let_go: dict[str, int] = {}

    def ready(self, limit: int) -> Sequence[Run]:
        """Runs to be sent now, oldest first. Raises LedgerDown."""
        crowds = self._ledger.waited_for()
        ways = self._ways({name for crowd in crowds for name in crowd.split()}) if crowds else {}
        ready: list[Run] = []
        for crowd in crowds:
            stand = {ways.get(name, Way.OPEN) for name in crowd.split()}
            room = min(self._room(crowd, stand), limit - len(ready))
            if room > 0:
                # Who has tried in vain lets all others try: it may be that one's own trouble.
                probes = not stand & {Way.OPEN, Way.RAMP}
                ready += self._ledger.held_back(crowd, room, rested=probes)
        self._let_go = {crowd: n for crowd, n in self._let_go.items() if crowd in crowds}
        return ready

    def _room(self, crowd: str, stand: Collection[Way]) -> int:
        if Way.RAMP in stand and Way.OPEN not in stand:
            return FIRST
        if Way.OPEN in stand:
            self._let_go[crowd] = 2 * self._let_go.get(crowd, FIRST // 2)
            return self._let_go[crowd]
        self._let_go.pop(crowd, None)
        now = self._clock.monotonic()
        if Way.PROBE not in stand or now - self._tried.get(crowd, -PROBE_SECONDS) < PROBE_SECONDS:
            return 0
        self._tried[crowd] = now
        return 1
