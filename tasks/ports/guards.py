"""The guards port: what stands between a stage and whatever it asks."""

from asyncio import CancelledError
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tasks.errors import Transient
from tasks.ports.model import nobody_minds


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """One request that is about to be made.

    `upstream`: what is asked, by the name of its breaker ("openai", "helpdesk:rt", "facts:crm").
    `credential`: the name of the variable with the key, where there is one. `tokens`: the most that
    it may cost against a limit of tokens a minute. `is_retry`: it has failed before, by no fault of
    ours, and spends the fleet's retry budget. `whose`: the run that asks; it keeps its place in the
    line of a limit by that, and who does not say so has none. `lane`: its tier; lanes take turns at
    a limit, so that a flood of cheap tickets does not keep the dear ones waiting. `visit`: it is
    one of about so many requests of whoever `whose` is, which a limit lets through with one leave;
    0: it comes alone.
    """

    upstream: str
    credential: str | None = None
    model: str | None = None
    tokens: int = 0
    is_retry: bool = False
    whose: str | None = None  # the run that asks; of a visit its ticket, or a name of its customer
    lane: str | None = None  # lanes take turns at a limit: the tier
    visit: int = 0


class Ended(StrEnum):
    """How a request ended, as far as its breaker is concerned."""

    SUCCESS = "success"
    FAILURE = "failure"  # timeout, refused connection, 5xx, overloaded
    NEUTRAL = "neutral"  # it answered, and said no: a limit, a wrong key, a wrong request
    CANCELLED = "cancelled"  # we hung up


@dataclass(kw_only=True, slots=True)
class Permit:
    """Leave to make one request. Who has it says how it ended; else that is read from the error.

    `standing` says for the record how the guards stood: {"breaker": "closed", "retries_left": 7}.
    """

    standing: dict[str, object] = field(default_factory=dict)
    ended: Ended | None = None
    tokens: int | None = None  # what it came to; None: nobody knows, so what was asked for
    requests: int = 1  # that a visit has come to by it
    look: Callable[[], None] = nobody_minds
    """Just before the request, where something took its time: raises BreakerOpen as of now."""

    def tell(self, error: BaseException) -> None:
        """It ended with that."""
        self.ended = _ended(error)


def _ended(error: BaseException) -> Ended:
    match error:
        case CancelledError():
            return Ended.CANCELLED
        case Transient():
            return Ended.FAILURE
        case _:
            return Ended.NEUTRAL


class Guards(Protocol):
    """Lets requests through, or holds them back.

    Promise: `admit` gives leave within milliseconds and without I/O on the loop, or raises
    BreakerOpen, RetriesSpent, RateLimited (its own limit, no request was made) or Misconfigured
    (a key that is known to be wrong). What is raised inside tells the breaker how the request
    ended: TriageErrors by their kind, cancellation as such, anything else as neutral.
    """

    def admit(self, errand: Errand) -> AbstractAsyncContextManager[Permit]: ...
