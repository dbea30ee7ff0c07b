"""What was looked at, and what was found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a start depends on."""

    what: str
    level: Literal["ok", "warning", "wrong"]
    says: str
    remedy: str | None = None


def fine(what: str, says: str) -> Finding:
    """As it should be."""
    return Finding(what=what, level="ok", says=says)


def wrong(what: str, says: str, remedy: str) -> Finding:
    """What keeps the fleet from its work, and how to mend it."""
    return Finding(what=what, level="wrong", says=says, remedy=remedy)
