"""What may be done in a helpdesk."""

from enum import StrEnum


class Mode(StrEnum):
    """The most careful comes last."""

    AUTO = "auto"  # fields and notes are written
    SUGGEST = "suggest"  # one note says what would be written
    SHADOW = "shadow"  # nothing is written


def more_careful(one: Mode, other: Mode) -> Mode:
    """Of two that both hold, the one that counts."""
    modes = tuple(Mode)
    return max(one, other, key=modes.index)
