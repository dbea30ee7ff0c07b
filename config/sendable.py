"""Whether what variables hold can be sent as a key at all."""

import re
from collections.abc import Iterable

from config.environment import Environment
from config.errors import ConfigError

SENDABLE = re.compile(r"[\x20-\x7e]+")
"""A header's value. What a page shows shortened (1-28-…) was pasted as it stands there."""


def refuse_unsendable(names: Iterable[str | None], environment: Environment) -> None:
    """Raises ConfigError for the first variable whose value no server could have given out."""
    for name in names:
        value = environment.credentials.get(name or "")
        if value is not None and not SENDABLE.fullmatch(value.strip()):
            message = (
                f"{name} holds a character that no key has (a line break, or … from a page "
                "that showed it shortened): set it to the key itself"
            )
            raise ConfigError(message)
