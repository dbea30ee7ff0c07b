"""When the nemesis strikes, and with what: all of it known from the seed before anything starts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random
from typing import Any


class Kind(StrEnum):
    """What the nemesis does. Tickets and helpdesk bring faults of their own."""

    # processes
    WORKER_KILL = "worker_kill"  # -9, the whole group
    WORKER_KILL_BETWEEN = "worker_kill_between"  # -9, between a helpdesk's yes and its record
    WORKERS_KILL = "workers_kill"  # -9 of all of them at once, whoever the reaper is
    WORKER_TERM = "worker_term"  # SIGTERM under load
    WORKER_FREEZE = "worker_freeze"  # SIGSTOP for two leases, then SIGCONT
    BEAT_KILL = "beat_kill"
    POLLER_KILL = "poller_kill"  # one of two that poll at once, in mid-page
    # stores and disks
    REDIS_KILL = "redis_kill"  # -9; what it held is gone
    REDIS_KILL_KEPT = "redis_kill_kept"  # -9; it keeps a file of what was said to it
    REDIS_FULL = "redis_full"  # maxmemory, noeviction
    FLUSHALL = "flushall"
    QUEUE_GONE = "queue_gone"  # one queue deleted
    DISK_FULL = "disk_full"
    POSTGRES_KILL = "postgres_kill"  # -9 of the postmaster and its children
    BACKENDS_GONE = "backends_gone"  # every connection terminated
    # messages and clocks
    SENT_TWICE = "sent_twice"
    SENT_FIVE_TIMES = "sent_five_times"
    OUT_OF_ORDER = "out_of_order"
    MESSAGE_LOST = "message_lost"
    CLOCK_FORWARD = "clock_forward"  # one worker's, an hour
    CLOCK_BACK = "clock_back"
    # providers: one of them, or both
    PROVIDER_DOWN = "provider_down"  # 5xx, every time
    PROVIDER_REFUSES = "provider_refuses"  # connections
    PROVIDER_FAILS = "provider_fails"  # 5xx, four times in five
    PROVIDER_FALTERS = "provider_falters"  # 5xx, once in twenty: no reason to leave it alone
    PROVIDER_HANGS = "provider_hangs"  # or answers a byte now and then
    PROVIDER_BREAKS = "provider_breaks"  # off in the middle of an answer
    PROVIDER_BUSY = "provider_busy"  # 429, with Retry-After of many kinds
    PROVIDER_REFUSES_KEY = "provider_refuses_key"  # 401 and what else a person must mend
    PROVIDER_GARBLES = "provider_garbles"  # answers of other shapes
    PROVIDER_STRAYS = "provider_strays"  # answers with values that are on no list
    PROVIDER_SLOW = "provider_slow"
    MONEY_SHORT = "money_short"  # the day's cap is lowered to a few calls more, for a while


MESSAGES_AND_CLOCKS = (
    Kind.SENT_TWICE,
    Kind.SENT_FIVE_TIMES,
    Kind.OUT_OF_ORDER,
    Kind.MESSAGE_LOST,
    Kind.CLOCK_FORWARD,
    Kind.CLOCK_BACK,
)
PROVIDERS = tuple(kind for kind in Kind if kind.startswith("provider_"))
WEATHER = (*PROVIDERS, Kind.MONEY_SHORT)
ONLY_POSTGRES = (Kind.POSTGRES_KILL, Kind.BACKENDS_GONE)
HEAVY = tuple(kind for kind in Kind if kind not in (*MESSAGES_AND_CLOCKS, *WEATHER))
"""Processes, stores and disks."""

KILLS = (Kind.WORKER_KILL, Kind.WORKER_KILL_BETWEEN, Kind.WORKERS_KILL)

FIRST_AT = 5.0
"""Seconds until the first of them: there should be something to disturb."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Strike:
    """One fault. `at` is seconds since the start, `down` how long it lasts where it lasts."""

    at: float
    kind: Kind
    down: float
    victim: int  # which of those that there are, modulo how many there are

    def as_json(self) -> dict[str, Any]:
        """As the timeline has it."""
        return asdict(self)


def plan(
    seed: int,
    seconds: float,
    kinds: Iterable[Kind],
    *,
    heavy_every: float = 4.5,
    light_every: float = 3.5,
    weather_every: float = 12.0,
) -> list[Strike]:
    """Strikes of these kinds over that time, each kind as often as the others, in time's order.

    A worker is killed at work twice as often as anything else happens.
    """
    wanted = tuple(kinds)
    chance = Random(seed)
    heavy = [kind for kind in HEAVY if kind in wanted]
    heavy += [kind for kind in (Kind.WORKER_KILL,) if kind in wanted]
    light = [kind for kind in MESSAGES_AND_CLOCKS if kind in wanted]
    weather = [kind for kind in WEATHER if kind in wanted]
    strikes = [
        *_drawn(chance, heavy, seconds, heavy_every),
        *_drawn(chance, light, seconds, light_every),
        *_drawn(chance, weather, seconds, weather_every),
    ]
    return sorted(strikes, key=lambda strike: strike.at)


def _drawn(chance: Random, kinds: list[Kind], seconds: float, every: float) -> list[Strike]:
    count = int((seconds - FIRST_AT) / every) if kinds else 0
    deck: list[Kind] = []
    while len(deck) < count:
        chance.shuffle(kinds)
        deck += kinds
    return [
        Strike(
            at=round(FIRST_AT + (number + chance.random()) * every, 2),
            kind=kind,
            down=round(_down(kind, chance), 2),
            victim=chance.randrange(1_000),
        )
        for number, kind in enumerate(deck[:count])
    ]


def _down(kind: Kind, chance: Random) -> float:
    """Seconds that it lasts, or that what was killed stays away."""
    match kind:
        case Kind.WORKER_FREEZE:
            return chance.uniform(11.0, 14.0)  # two leases are 12
        case Kind.REDIS_KILL | Kind.REDIS_KILL_KEPT:
            return chance.uniform(0.0, 10.0)
        case Kind.CLOCK_FORWARD | Kind.CLOCK_BACK:
            return chance.uniform(5.0, 20.0)
        case Kind.REDIS_FULL | Kind.DISK_FULL | Kind.POSTGRES_KILL:
            return chance.uniform(0.5, 5.0)
        case _ if kind in WEATHER:
            return chance.uniform(4.0, 10.0)
        case _:
            return chance.uniform(0.0, 2.0)
