"""What a breaker answers to who wants to call, and what it tells of itself when it has changed."""

from dataclasses import dataclass
from typing import Literal

from worker.guards.shared import Lease


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """Leave to call once; it is handed back with how the call ended."""

    name: str
    spell: int  # how often it had opened and closed
    begun: float = 0.0  # by the monotonic clock
    probe: str | None = None  # the token of whoever probes


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `ramp`: some are let through, and this one was not."""

    seconds: float
    ramp: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """It may be probed, by who gets the lease. `alone`: there is nobody to ask for one."""

    generation: int
    wanted: Lease
    alone: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What this process has made of a breaker."""

    kind: Literal["opened", "closed"]
    name: str
    after: int  # the generation before it; 0: it was never shared
    at: float
    share: float | None
    calls: int
    seconds: float  # opened: until it is probed; closed: for how long it was open
    cause: str
    alone: bool
