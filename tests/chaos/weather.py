"""What the nemesis has done to providers, money and the broker, and when: epoch seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

from tests.chaos.plan import Kind

MARGIN = 3.0
"""Seconds after a trouble until everybody is heard of again."""

OUTAGES = (
    Kind.PROVIDER_DOWN,
    Kind.PROVIDER_REFUSES,
    Kind.PROVIDER_FAILS,
    Kind.PROVIDER_HANGS,
    Kind.PROVIDER_BREAKS,
)
"""In which a provider fails so often that it is to be left alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spell:
    """What some providers played for a while."""

    kind: Kind
    providers: tuple[str, ...]
    profile: str
    at: float
    seconds: float
    until: float = inf  # when it was over, by the clock

    @property
    def is_outage(self) -> bool:
        """Whether they are to be left alone."""
        return self.kind in OUTAGES


@dataclass(frozen=True, kw_only=True, slots=True)
class Lean:
    """A time in which the fleet may spend little: its cap in millionths of a dollar."""

    at: float
    until: float
    cap: int


@dataclass(kw_only=True)
class Weather:
    """All of it."""

    spells: list[Spell] = field(default_factory=list)
    leans: list[Lean] = field(default_factory=list)
    rough: list[tuple[float, float]] = field(
        default_factory=list
    )  # a store was away, or all workers
    woken: list[float] = field(default_factory=list)  # when a frozen worker went on
    forgotten: list[float] = field(default_factory=list)  # when Redis lost all that it knew
    shaken: list[float] = field(default_factory=list)  # when it lost the last of that, or all

    def nobody_works(self, at: float) -> None:
        """At this moment, and since it was said last, if that is not long ago."""
        since, until = self.rough.pop() if self.rough else (at, at)
        if at <= until + 1.0:
            self.rough.append((since, max(at, until)))
        else:
            self.rough += [(since, until), (at, at)]

    def over(self, spell: Spell, at: float) -> None:
        """It has cleared up."""
        self.spells[self.spells.index(spell)] = replace(spell, until=at)

    def is_calm(self, since: float, until: float) -> bool:
        """Whether everybody could know all the while what everybody else knew."""
        rough = (*self.rough, *((at, at) for at in (*self.forgotten, *self.woken)))
        return not any(begun < until and since < ended + MARGIN for begun, ended in rough)

    def is_bad(self, provider: str, since: float, until: float) -> bool:
        """Whether an outage of it falls into that time."""
        return any(spell.at < until and since < spell.until for spell in self.outages(provider))

    def outages(self, provider: str) -> Sequence[Spell]:
        """Those of that provider, in time's order."""
        return [one for one in self.spells if one.is_outage and provider in one.providers]
