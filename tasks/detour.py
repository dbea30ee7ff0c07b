"""Where a ticket goes when it does not simply move on. Expected, so returned and never raised."""

from dataclasses import dataclass

from config.tiers import TierName
from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tasks.ports.ledger import Intent


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Nothing to do until `until` (epoch seconds)."""

    until: float
    reason: WaitReason
    why: str
    spends_attempt: bool = True
    waits_for: str | None = None  # names of guards, any of which lets it go on before `until`


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedsHuman:
    """A person decides; the proposal so far stands in the ledger.

    `writes`: how people were told of it in the helpdesk.
    """

    reason: ReviewReason
    why: str
    until: float | None = None  # epoch seconds; then people have it anyway. None: at once
    writes: tuple[Intent, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """A dead letter."""

    cause: Cause
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Promote:
    """Ask again, one of a dearer tier's models that was not asked yet."""

    tier: TierName
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Degrade:
    """Ask again, one of a cheaper tier's models that was not asked yet: the tier has no money."""

    tier: TierName
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """Nobody needs this run any more; `writes` are those whose end is known by that."""

    cause: DropCause
    why: str
    writes: tuple[Intent, ...] = ()


Detour = Wait | NeedsHuman | GiveUp | Promote | Degrade | Drop
