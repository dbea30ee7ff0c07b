"""What a provider plays, in words: a mix of faults with shares, and mixes one after the other.

ok                              every request is answered
error_500:0.8                   80 % of them fail, the others are answered
rate_2:10%,hang:0.05            two faults with their shares
error_401@KEY                   only requests with that key (or its eight hex digits)
limit_60,error_500:0.1          at most 60 a minute of a key; of those 10 % fail
0s ok; 60s refused; 2m ok       a schedule, from when the profile was put in place
0s ok; 50s error_500; 60s again the same, over and over
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.errors import OperatorError
from worker.simulator.catalogue import OK as ANSWERED
from worker.simulator.catalogue import STATES, fault, listed
from worker.simulator.fault import Fault
from worker.simulator.routes import hashed

REFUSED, AGAIN = "refused", "again"
PART = re.compile(r"(?P<name>[a-z]\w*(?:\.\d+)?)(?:@(?P<key>[^\s:,;]+))?(?::(?P<share>[\d.]+%?))?")
LIMIT = re.compile(r"limit_([1-9]\d*)")
AGE = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)\s+(.+)")
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
KEY_HASH = re.compile(r"[0-9a-f]{8}")
ALL = 1.0 + 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A fault, and what it befalls."""

    fault: Fault
    share: float  # of the requests, 0 to 1
    key: str | None = None  # hash of the one key that it befalls

    def __str__(self) -> str:
        """As a profile has it."""
        key = f"@{self.key}" if self.key else ""
        share = "" if self.share == 1 else f":{self.share:g}"
        return f"{self.fault.name}{key}{share}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mix:
    """What is played at one time."""

    parts: tuple[Part, ...] = ()
    per_minute: int | None = None  # requests of one key in any 60 s
    refuses: bool = False  # connections

    def draw(self, drawn: float, key: str) -> Fault:
        """The fault for a number drawn from [0, 1) and a key's hash; what is its own goes first."""
        own = [part for part in self.parts if part.key == key]
        left = 1.0
        for part in (*own, *(part for part in self.parts if part.key is None)):
            share = part.share if part.key else part.share * left
            if drawn < share:
                return part.fault
            drawn -= share
            if part.key:
                left -= share
        return ANSWERED

    def __str__(self) -> str:
        """As a profile has it."""
        if self.refuses:
            return REFUSED
        limit = [f"limit_{self.per_minute}"] if self.per_minute else []
        return ",".join([*limit, *map(str, self.parts)]) or ANSWERED.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """Mixes with the second at which each begins. `period`: after so many it begins anew."""

    starts: tuple[float, ...]
    mixes: tuple[Mix, ...]
    period: float | None = None

    @classmethod
    def parse(cls, spec: str) -> "Profile":
        """Raises OperatorError with what is known."""
        phases = [_phase(text.strip()) for text in spec.split(";") if text.strip()]
        if not phases:
            raise _wrong(spec, "it says nothing")
        starts = [start or 0.0 for start, _ in phases]
        timed = [start is not None for start, _ in phases]
        if starts[0] != 0 or not all(timed[1:]) or sorted(set(starts)) != starts:
            why = "a schedule begins at 0s, and each mix has a later second than the one before"
            raise _wrong(spec, why)
        period = None
        if phases[-1][1] == AGAIN and len(phases) > 1:
            period = starts.pop()
            phases.pop()
        mixes = tuple(_mix(text) for _, text in phases)
        return cls(starts=tuple(starts), mixes=mixes, period=period)

    def at(self, seconds: float) -> Mix:
        """What is played so long after it was put in place."""
        if self.period:
            seconds %= self.period
        return self.mixes[bisect_right(self.starts, seconds) - 1]

    def changes_in(self, seconds: float) -> float | None:
        """Seconds from then to the next change; None where there is none any more."""
        within = seconds % self.period if self.period else seconds
        later = [start for start in self.starts if start > within]
        if later:
            return later[0] - within
        return self.period - within if self.period else None

    def __str__(self) -> str:
        """As it may be said again; keys by their hashes."""
        if len(self.mixes) == 1 and not self.period:
            return str(self.mixes[0])
        parts = [f"{start:g}s {mix}" for start, mix in zip(self.starts, self.mixes, strict=True)]
        return "; ".join([*parts, *([f"{self.period:g}s {AGAIN}"] if self.period else [])])


def _phase(text: str) -> tuple[float | None, str]:
    found = AGE.fullmatch(text)
    if found is None:
        return None, text
    return float(found[1]) * SECONDS[found[2]], found[3]


def _mix(text: str) -> Mix:
    if text == REFUSED:
        return Mix(refuses=True)
    pieces = [piece.strip() for piece in text.split(",")]
    limits = [int(found[1]) for piece in pieces if (found := LIMIT.fullmatch(piece))]
    parts = tuple(_part(piece) for piece in pieces if not LIMIT.fullmatch(piece))
    if len(limits) > 1:
        raise _wrong(text, "one limit is enough")
    for key in {part.key for part in parts}:
        if _sum(part.share for part in parts if part.key == key) > ALL:
            raise _wrong(text, "its shares are more than all")
    return Mix(parts=parts, per_minute=limits[0] if limits else None)


def _sum(shares: Iterable[float]) -> float:
    return sum(shares, start=0.0)


def _part(text: str) -> Part:
    said = PART.fullmatch(text)
    if said is None:
        raise _wrong(text, "a fault is NAME, NAME:SHARE, NAME@KEY or NAME@KEY:SHARE")
    if said["name"] in STATES or LIMIT.fullmatch(said["name"]):
        raise _wrong(text, f"{said['name']} has neither share nor key, and refused stands alone")
    found = fault(said["name"])
    if found is None:
        known = ", ".join(name for name, _ in listed())
        raise _wrong(text, f"there is no fault {said['name']!r}; known are {known}")
    return Part(fault=found, share=_share(said["share"], text), key=_key(said["key"]))


def _share(said: str | None, text: str) -> float:
    if said is None:
        return 1.0
    try:
        share = float(said.removesuffix("%")) / (100 if said.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise _wrong(text, "a share is from 0 to 1, or from 0% to 100%")
    return share


def _key(said: str | None) -> str | None:
    if said is None or KEY_HASH.fullmatch(said):
        return said
    return hashed(said)


def _wrong(text: str, why: str) -> OperatorError:
    return OperatorError(f"{text!r} is no profile: {why}")
