"""Whose money it is: an account for each day and tier, and what a change of a run moves on it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast, get_args

from config.tiers import TierName
from tasks.run import Run

FLEET = "fleet"
SCOPES: tuple[str, ...] = (FLEET, *get_args(TierName))
"""What has a cap: all of the fleet, and each tier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """A reservation that is none any more, and what came of it; millionths of a dollar."""

    account: str
    reserved: int  # what was reserved
    spent: int  # what it has cost


def day_of(at: float) -> str:
    """The day in UTC of that moment (epoch seconds): `2026-11-28`."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def midnight_after(at: float) -> float:
    """When that moment's day in UTC ends; epoch seconds."""
    return (at // DAY_SECONDS + 1) * DAY_SECONDS


def account_of(at: float, tier: TierName) -> str:
    """The account that pays for a call of that tier at that moment: `2026-11-28/economy`."""
    return f"{day_of(at)}/{tier}"


def day_and_tier(account: str) -> tuple[str, TierName]:
    """The two that an account is named by. Raises ValueError where it is no account."""
    day, _, tier = account.partition("/")
    if tier not in get_args(TierName):
        message = f"{account!r} is no account"
        raise ValueError(message)
    return day, cast("TierName", tier)


def settlement(before: Run, after: Run) -> Settlement | None:
    """What a change settles: whatever happens to a run that has something reserved settles it.

    It has cost what the run has cost more since then. None where nothing was reserved: such a call
    costs nothing, or a cap knows nothing of it.
    """
    if not (before.reserved and before.reserved_for):
        return None
    return Settlement(
        account=before.reserved_for,
        reserved=before.reserved,
        spent=after.micro_usd - before.micro_usd,
    )


DAY_SECONDS = 86_400.0
