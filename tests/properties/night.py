"""Runs that ask a limit for leave, in virtual time, on the very script that runs in Redis."""

from collections.abc import Container
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from redis import Redis

from config.guards import Limit
from tasks.ports.guards import Errand
from tests.twins.clock import NOON
from worker.guards.post import Script
from worker.guards.terms import Terms, arguments, keys_of

TERMS = Terms()
MINUTE = 60.0


class Chance(Protocol):
    """What hypothesis draws."""

    def random(self) -> float: ...

    def uniform(self, a: float, b: float, /) -> float: ...

    def randint(self, a: int, b: int, /) -> int: ...


@dataclass(kw_only=True)
class Night:
    """Runs that ask, are told when to come, and come late or never."""

    redis: Redis
    limit: Limit
    late: float  # seconds at most, beside the second that the ledger adds by chance
    lost: float  # share of those told that never come again
    chance: Chance
    most_tokens: int = 0
    flushed_at: float = float("inf")
    doomed_until: float = 0.0  # whoever is told to wait before then never comes again
    lanes: dict[str, str] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    given: dict[str, tuple[float, int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    asked: int = 0
    ahead: dict[str, int] = field(default_factory=dict)

    def pass_(self, arrivals: list[float], until: float, dear: Container[float] = ()) -> None:
        """Seconds 0 to `until`; who arrives at one of the `dear` moments is in a lane apart."""
        take = self.redis.register_script(Script.LIMIT_TAKE.text)
        self.redis.flushall()
        numbers = count()
        due = [(at, next(numbers), f"run{number}") for number, at in enumerate(sorted(arrivals))]
        while due and due[0][0] <= until:
            at, _, who = heappop(due)
            if at >= self.flushed_at:
                self.redis.flushall()
                self.flushed_at = float("inf")
            if who not in self.begun:
                self.begun[who] = at
                self.lanes[who] = "dear" if at in dear else ""
                self.ahead[who] = len(self.begun) - len(self.given) - len(self.gone) - 1
            self.asked += 1
            tokens = self.chance.randint(0, self.most_tokens)
            lane = self.lanes[who]
            errand = Errand(upstream="openai", whose=who, tokens=tokens, lane=lane)
            may, wait, *_ = take(
                keys_of("openai", who),
                arguments(errand, self.limit, str(self.asked), TERMS, NOON + at),
            )
            if may:
                self.given[who] = (at + float(wait), tokens)
            elif at < self.doomed_until or self.chance.random() < self.lost:
                self.gone.add(who)
            else:
                back = at + float(wait) + self.chance.random() + self.chance.uniform(0, self.late)
                heappush(due, (back, next(numbers), who))

    def waits(self, lane: str) -> list[float]:
        """Seconds that each of a lane waited, who got leave; the shortest first."""
        mine = ((who, at) for who, (at, _) in self.given.items() if self.lanes[who] == lane)
        return sorted(at - self.begun[who] for who, at in mine)

    @property
    def times(self) -> list[float]:
        """When requests were made."""
        return sorted(at for at, _ in self.given.values())

    def most_in(self, seconds: float) -> int:
        """The most requests in any so many seconds."""
        return max(
            (sum(at <= t < at + seconds for t in self.times) for at in self.times), default=0
        )

    def most_tokens_in(self, seconds: float) -> int:
        """The same in tokens."""
        made = self.given.values()
        return max(
            (sum(tokens for t, tokens in made if at <= t < at + seconds) for at, _ in made),
            default=0,
        )

    def share_used(self) -> float:
        """Of the limit, from the first request until fewer than a tenth of a minute's wait."""
        few = self.limit.requests_per_minute or 0
        waits = sorted([*((at, 1) for at in self.begun.values()), *((at, -1) for at in self.times)])
        last, waiting = 0.0, 0
        for at, more in waits:
            waiting += more
            if waiting - len(self.gone) >= few / 10:
                last = at
            elif last and at - last > MINUTE / 2:
                break  # a few who come together later on are no crowd that waits
        if last < 2 * MINUTE:
            return 1.0
        return sum(at <= last for at in self.times) / last * MINUTE / few
