"""The guards of a worker: keys, breakers, the retry budget and limits, one behind the other."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol

from tasks.errors import (
    BreakerOpen,
    FactsDown,
    HelpdeskDown,
    Misconfigured,
    ProviderDown,
    RateLimited,
    Rejected,
    SourceDown,
    UnknownModel,
)
from tasks.ports.guards import Ended, Errand, Permit
from worker.guards.breakers import Breakers
from worker.guards.passing import Pass
from worker.guards.rule import CREDENTIAL, MODEL

AWAY_SECONDS = 5.0
"""When whoever found its upstream to be away looks again, at the earliest."""


class RetryBudget(Protocol):
    """How often the fleet may try again. No I/O on the loop."""

    async def take(self, errand: Errand) -> None:
        """Raises RetriesSpent where it is a retry too many."""

    def succeeded(self) -> None:
        """A model has answered."""

    def standing(self) -> Mapping[str, object]:
        """For the record of a call."""
        ...


class Limits(Protocol):
    """How much each upstream may be asked. No I/O on the loop."""

    async def take(self, errand: Errand) -> None:
        """Raises RateLimited."""

    def settle(self, errand: Errand, tokens: int) -> None:
        """What it came to; one of a visit, in requests."""

    def told(self, upstream: str, retry_after: float | None) -> None:
        """It has asked us to slow down."""


class NoBudget:
    """A retry budget that never ends."""

    async def take(self, errand: Errand) -> None:
        """Leave."""

    def succeeded(self) -> None:
        """Nothing is counted."""

    def standing(self) -> Mapping[str, object]:
        """Nothing to say."""
        return {}


class NoLimits:
    """Limits that nobody has set."""

    async def take(self, errand: Errand) -> None:
        """Leave."""

    def settle(self, errand: Errand, tokens: int) -> None:
        """Nothing is counted."""

    def told(self, upstream: str, retry_after: float | None) -> None:
        """Nobody slows down."""


class Doors:
    """Implements Guards.

    A key that is known to be wrong first: nothing was asked then, of nobody. A retry is taken
    from the budget only where the breaker lets it through, and not of a probe: probes are counted
    by their interval. Whatever a later door refuses gives the earlier ones back what they gave.
    """

    def __init__(
        self,
        breakers: Breakers,
        *,
        budget: RetryBudget | None = None,
        limits: Limits | None = None,
        off: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`off`: the guards that an operator does without for a while."""
        self.breakers = breakers
        self.budget = budget or NoBudget()
        self.limits = limits or NoLimits()
        self.off = off

    def admit(self, errand: Errand) -> AbstractAsyncContextManager[Permit]:
        """Through all of the doors, or none."""
        return _Visit(self, errand)


class _Visit(AbstractAsyncContextManager[Permit]):
    """One request, from the first door until it has ended."""

    __slots__ = ("_doors", "_errand", "_key", "_model", "_permit", "_upstream")

    def __init__(self, doors: Doors, errand: Errand) -> None:
        self._doors = doors
        self._errand = errand
        self._key: Pass | None = None
        self._model: Pass | None = None
        self._upstream: Pass | None = None
        self._permit = Permit(look=self._look)

    async def __aenter__(self) -> Permit:
        doors, errand = self._doors, self._errand
        admit = doors.breakers.admit
        try:
            if errand.credential is not None:
                self._key = await admit(CREDENTIAL + errand.credential)
            if errand.model is not None:
                self._model = await admit(MODEL + errand.model)
            off = doors.off()
            if "breaker" not in off:
                self._upstream = await admit(errand.upstream)
            if errand.is_retry and "retry_budget" not in off and not self._probes:
                await doors.budget.take(errand)
            if "rate_limits" not in off:
                await doors.limits.take(errand)
        except BaseException:
            self._tell(Ended.CANCELLED, None)
            raise
        self._permit.standing |= {"breaker": self._word(), **doors.budget.standing()}
        return self._permit

    def _look(self) -> None:
        """What the breaker says by now to who had leave."""
        upstream = self._upstream
        if upstream is not None and not self._doors.breakers.leaves(upstream):
            self._permit.tokens = 0
            told = "is to be probed again" if self._probes else "fails too often by now"
            message = f"{upstream.name} {told}"
            raise BreakerOpen(message, dependency=upstream.name, retry_after=AWAY_SECONDS)

    def _word(self) -> str:
        if self._upstream is None:
            return "off"
        return "probe" if self._probes else "closed"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        ended = self._permit.ended or ended_by(error)
        self._tell(ended, error)
        errand, doors = self._errand, self._doors
        if errand.visit:
            doors.limits.settle(errand, self._permit.requests)
        elif self._permit.tokens is not None:
            doors.limits.settle(errand, self._permit.tokens)
        if isinstance(error, RateLimited):
            doors.limits.told(errand.upstream, error.retry_after)
        if ended is Ended.SUCCESS and errand.model is not None:  # only those are tried again
            doors.budget.succeeded()
        if ended is Ended.FAILURE and isinstance(error, ProviderDown):
            error.falters = self._falters()
        # Not of what came between: who is told to stop while that is written down has to stop.
        if ended is ended_by(error) is Ended.FAILURE and self._is_away():
            # It was the upstream and not the ticket: no run shall spend an attempt on its outage.
            message = (
                f"{errand.upstream} {'was probed, and ' if self._probes else ''}is away: {error}"
            )
            raise BreakerOpen(
                message, dependency=errand.upstream, retry_after=AWAY_SECONDS
            ) from error

    @property
    def _probes(self) -> bool:
        return self._upstream is not None and self._upstream.probe is not None

    def _falters(self) -> bool:
        upstream = self._upstream
        return upstream is not None and self._doors.breakers.falters(upstream.name)

    def _is_away(self) -> bool:
        """Whether the upstream's breaker has found the same."""
        upstream = self._upstream
        return self._probes or (upstream is not None and self._doors.breakers.holds(upstream.name))

    def _tell(self, ended: Ended, error: BaseException | None) -> None:
        report = self._doors.breakers.report
        for leave, kept in ((self._key, _of_key(error)), (self._model, _of_model(error))):
            if leave is not None:
                if kept is not None:
                    report(leave, Ended.FAILURE, kept)
                else:
                    report(leave, _answered(ended, error))
        if self._upstream is not None:
            report(self._upstream, ended)


def ended_by(error: BaseException | None) -> Ended:
    """How a request ended that raised this, as far as its breaker is concerned."""
    match error:
        case None:
            return Ended.SUCCESS
        case ProviderDown() | HelpdeskDown() | FactsDown() | SourceDown():
            return Ended.NEUTRAL if error.overslept else Ended.FAILURE
        case Exception():
            return Ended.NEUTRAL
        case _:  # we were cancelled, or are ending
            return Ended.CANCELLED


def _of_key(error: BaseException | None) -> Misconfigured | None:
    """What says that the key does not serve."""
    return error if isinstance(error, Misconfigured) and not _of_model(error) else None


def _of_model(error: BaseException | None) -> UnknownModel | None:
    """What says that the model is not there; the key may be as good as any."""
    return error if isinstance(error, UnknownModel) else None


def _answered(ended: Ended, error: BaseException | None) -> Ended:
    """For a key that was not refused: any answer accepts it, and no answer says nothing."""
    match error:
        case RateLimited() | Rejected():
            return Ended.SUCCESS
        case Misconfigured():  # of the other kind
            return Ended.NEUTRAL
        case _:
            return Ended.NEUTRAL if ended is Ended.FAILURE else ended
