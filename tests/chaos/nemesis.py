"""Strikes as planned, and puts right again what it struck."""

import heapq
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from tests.chaos import (
    strikes_on_messages,
    strikes_on_processes,
    strikes_on_providers,
    strikes_on_stores,
)
from tests.chaos.arena import Ground
from tests.chaos.plan import KILLS, Kind, Strike
from tests.chaos.provider import FAIR
from tests.chaos.troop import Ended, Post
from tests.chaos.weather import Spell, Weather

STRIKES = {
    **strikes_on_processes.STRIKES,
    **strikes_on_stores.STRIKES,
    **strikes_on_messages.STRIKES,
    **strikes_on_providers.STRIKES,
}

BUSY = 5
"""Runs in hand that make a worker a busy one."""

PATIENCE = 3.0
"""Seconds that a kill waits for a busy worker."""

GIVEN_UP = 30.0
"""Seconds after which a strike is called off that found nobody."""

AGAIN = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Fallen:
    """A worker's end, and what it had in hand: run and fence."""

    at: float  # seconds since the start
    pid: int
    held: dict[str, int]
    asking: int  # of those in the stage that asks the model


@dataclass(kw_only=True)
class Nemesis:
    """Does what is due each time that it is called."""

    arena: Ground
    plan: list[Strike]
    began: float = field(default_factory=time.monotonic)
    done: Counter[Kind] = field(default_factory=Counter)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    fallen: list[Fallen] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    away: dict[str, float] = field(default_factory=dict)  # stores that are down, until when
    troubles: list[tuple[float, float]] = field(default_factory=list)  # when one was away
    weather: Weather = field(default_factory=Weather)
    sources: list[str] = field(default_factory=list)  # that pollers fought over
    pollers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    _later: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.arena.seed}:nemesis")
        for strike in self.plan:
            self._at(strike.at, lambda strike=strike: self._strike(strike))  # type: ignore[misc]

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def tend(self) -> None:
        """Strikes what is due, and starts again what has died long enough ago."""
        while self._later and self._later[0][0] <= self.now:
            heapq.heappop(self._later)[2]()
        self.ended += self.arena.troop.tend()
        if not self.arena.troop.at_work():
            self.weather.nobody_works(time.time())
        if self.arena.database and "postgres" not in self.away:
            self.arena.database.restart()

    def is_done(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._later

    def close(self) -> None:
        """Waits for its pollers."""
        for poller in self.pollers:
            with suppress(subprocess.TimeoutExpired):
                poller.wait(60)
            poller.kill()
            poller.wait()

    # What strikes are made of

    def after(self, seconds: float, deed: Callable[[], object]) -> None:
        """Has that done later."""
        self._at(self.now + seconds, deed)

    def goes(self, store: str, seconds: float, back: Callable[[], object]) -> None:
        """A store is away for so long; then `back` brings it."""
        self.away[store] = self.now + seconds
        self.is_rough(seconds)

        def comes() -> None:
            self.away.pop(store, None)
            back()

        self.after(seconds, comes)

    def is_rough(self, seconds: float) -> None:
        """For so long whoever looks at how soon things happen should not."""
        self.troubles.append((self.now, self.now + seconds))
        now = time.time()
        self.weather.rough.append((now, now + seconds))

    def spoils(self, spell: Spell) -> None:
        """Providers play that for so long."""
        for provider in spell.providers:
            self.arena.upstreams.play(spell.profile, provider)
        self.weather.spells.append(spell)

        def clears() -> None:
            for provider in spell.providers:
                self.arena.upstreams.play(FAIR, provider)
            self.weather.over(spell, time.time())

        self.after(spell.seconds, clears)

    def victim(self, strike: Strike) -> Post | None:
        """A busy worker, while there is still time to wait for one; else any."""
        posts = self.arena.troop.workers()
        if not posts:
            return None
        if strike.kind in KILLS or strike.kind is Kind.WORKER_TERM:
            busy = [post for post in posts if len(self.held(post.pid)) >= BUSY]
            if not busy and self.now - strike.at < PATIENCE:
                return None
            posts = busy or posts
        return posts[strike.victim % len(posts)]

    def kill(self, post: Post, away_seconds: float) -> int:
        """Kills it and remembers what it had; how much that was."""
        held = self.held(post.pid)
        self.arena.troop.kill(post, away_seconds)
        asking = sum(stage == "classify" for _, stage in held.values())
        fences = {run: fence for run, (fence, _) in held.items()}
        self.fallen.append(Fallen(at=self.now, pid=post.pid, held=fences, asking=asking))
        return len(held)

    def held(self, pid: int) -> dict[str, tuple[int, str]]:
        """The runs that process has in hand: fence and stage. None where nobody can tell."""
        return self.arena.held(pid)

    def _at(self, when: float, deed: Callable[[], object]) -> None:
        heapq.heappush(self._later, (when, next(self._numbers), deed))

    def _strike(self, strike: Strike) -> None:
        told = STRIKES[strike.kind](self, strike)
        if told is not None:
            self.done[strike.kind] += 1
            line = {"at": round(self.now, 2), "kind": strike.kind, "down": strike.down}
            self.timeline.append(line | told)
        elif self.now - strike.at < GIVEN_UP:
            self.after(AGAIN, lambda: self._strike(strike))
