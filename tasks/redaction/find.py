"""A piece of a text that nobody outside may see, and what it is."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What was found; of two that overlap the first listed gives its name to both."""

    SECRET = "SECRET"  # noqa: S105 - the name of a kind, and of no secret
    CARD = "CARD"
    IBAN = "IBAN"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    NETWORK = "NETWORK"


class Find(NamedTuple):
    """From `start` to before `end`."""

    start: int
    end: int
    kind: Kind
