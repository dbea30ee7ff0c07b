"""Whether a Redis may carry hints, judged from what it says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

OLDEST = (6, 2)
"""kombu 5.7 finds messages to put back with `ZRANGE … BYSCORE REV`, which Redis has since 6.2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something about the broker that an operator must know, and what to do about it."""

    refuses: bool  # whether the fleet must not start on it
    what: str
    remedy: str


def version_of(text: str) -> tuple[int, ...]:
    """A version as numbers that compare; empty where the text is none."""
    numbers = text.partition("-")[0].split(".")
    return tuple(int(part) for part in numbers) if all(map(str.isdecimal, numbers)) else ()


def judge(info: Mapping[str, object], *, snapshots: bool | None) -> tuple[Finding, ...]:
    """What is wrong with the Redis of this INFO.

    `snapshots` says whether it saves itself on a schedule; None where it would not tell.
    """
    findings = (_of_version(info), _of_eviction(info), _of_persistence(info, snapshots=snapshots))
    return tuple(finding for finding in findings if finding)


def _of_version(info: Mapping[str, object]) -> Finding | None:
    said = str(info.get("redis_version", ""))
    if not said or version_of(said) >= OLDEST:
        return None
    return Finding(
        refuses=True,
        what=f"The broker is Redis {said}; messages of a worker that died would never come back.",
        remedy="Use Redis 6.2 or later, or any Valkey.",
    )


def _of_eviction(info: Mapping[str, object]) -> Finding | None:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return None
    return Finding(
        refuses=True,
        what=f"The broker's maxmemory-policy is {policy}: short of memory it throws keys away.",
        remedy="Set `maxmemory-policy noeviction` on this Redis, or give the fleet one of its own.",
    )


def _of_persistence(info: Mapping[str, object], *, snapshots: bool | None) -> Finding | None:
    if info.get("aof_enabled") or snapshots:
        return None
    certain = "keeps" if snapshots is False else "may keep"
    return Finding(
        refuses=False,
        what=f"The broker {certain} nothing over a restart; the ledger then sends it all again.",
        remedy="Set `appendonly yes` on this Redis to spare the wait.",
    )
