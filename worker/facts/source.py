"""A place that facts lie in, as whoever puts them together asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from config.facts import FactKind
from tasks.ticket import Value


def upstream(name: str) -> str:
    """What the breaker and the limits of that source are called."""
    return f"facts:{name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Whom it is about. `customer_id`: None for nobody that we know, or where it is not needed."""

    email: str  # in small letters
    customer_id: str | None = None


class Found(NamedTuple):
    """What a source holds: of an account one at most. `as_of`: when it was so, where it says so."""

    facts: tuple[Value, ...]
    as_of: float | None = None


Reply = Callable[[], Found]
"""An answer that has come, and was not looked at: reading it raises FactsDown where it is of
another shape. That is for when its breaker has heard that there was an answer."""


class Source(Protocol):
    """One that config names.

    Promise: `ask` sends one request and gives what came, or raises FactsDown (no answer, or
    none that anybody could read) or CredentialRefused. No message holds a word of an answer, nor
    whom it was about. Cancelled, it leaves nothing behind that runs on.
    """

    async def ask(self, kind: FactKind, who: Who) -> Reply: ...

    async def aclose(self) -> None:
        """Ends its connections; whoever asks again opens new ones."""
