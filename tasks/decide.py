"""What to do about what is broken: one total, pure function."""

from collections.abc import Sequence
from math import inf
from typing import assert_never

from config.policy import Policy
from tasks.backoff import full_jitter
from tasks.causes import Cause, WaitReason
from tasks.detour import GiveUp, Wait
from tasks.errors import (
    BreakerOpen,
    ContextTooLong,
    FactsDown,
    Held,
    HelpdeskDown,
    LedgerDown,
    Misconfigured,
    NotAllowed,
    ProviderDown,
    RateLimited,
    Rejected,
    Transient,
    TriageError,
    UnknownModel,
    ValuesNotTaken,
)

RATE_SECONDS = 5.0
"""Wait after a 429 that does not say how long."""


LEAST_SECONDS = 1.0
"""What asks us to come back sooner does not mean it, or means no good."""


def decide(
    error: Exception, *, attempt: int, policy: Policy, now: float, chance: float
) -> Wait | GiveUp:
    """The remedy for `error`, raised in the `attempt`-th try (from 1) of a stage.

    `now` is epoch seconds, `chance` a number in [0, 1).
    """
    match error:
        case LedgerDown() | RateLimited() | Held() | Misconfigured() | NotAllowed():
            return _wait_free(error, policy=policy, now=now, chance=chance)
        case Transient():
            return _retry(error, attempt=attempt, policy=policy, now=now, chance=chance)
        case ContextTooLong():
            return GiveUp(cause=Cause.CONTEXT_TOO_LONG, why=str(error))
        case Rejected():
            return GiveUp(cause=Cause.REJECTED, why=str(error))
        case _ if attempt < policy.retry.bug_attempts:
            pause = full_jitter(attempt, policy.retry, chance)
            return Wait(until=now + pause, reason=WaitReason.RETRY, why=_name(error))
        case _:
            return GiveUp(cause=Cause.BUG, why=_name(error))


def _wait_free(
    error: LedgerDown | RateLimited | Held | Misconfigured | NotAllowed,
    *,
    policy: Policy,
    now: float,
    chance: float,
) -> Wait:
    """Waits that spend no attempt: nothing is wrong with the ticket."""
    match error:
        case RateLimited():
            until = now + _told(error, RATE_SECONDS) + chance
            return Wait(until=until, reason=WaitReason.RATE, why=str(error), spends_attempt=False)
        case NotAllowed():  # as rarely as for a wrong key: a person has to give the right
            until = now + policy.retry.park_seconds * (1 + chance)
            return Wait(until=until, reason=WaitReason.RETRY, why=str(error), spends_attempt=False)
        case LedgerDown():
            until = now + policy.retry.base_seconds * (1 + chance)
            return Wait(until=until, reason=WaitReason.RETRY, why=str(error), spends_attempt=False)
        case BreakerOpen():
            return _held(
                error, WaitReason.BREAKER, error.dependency, policy=policy, now=now, chance=chance
            )
        case Held():
            until = now + max(error.retry_after, LEAST_SECONDS) * (1 + chance)
            return Wait(until=until, reason=WaitReason.RETRY, why=str(error), spends_attempt=False)
        case Misconfigured():
            return _held(
                error, WaitReason.PARKED, error.guard, policy=policy, now=now, chance=chance
            )
        case _:
            assert_never(error)


def _held(
    error: BreakerOpen | Misconfigured,
    reason: WaitReason,
    guards: str,
    *,
    policy: Policy,
    now: float,
    chance: float,
) -> Wait:
    """Until those guards let through again, which the reaper sees; if nobody does, for minutes."""
    why = f"{error} (mend {_wrong(error)})" if isinstance(error, Misconfigured) else str(error)
    return Wait(
        until=now + policy.retry.park_seconds * (1 + chance),
        reason=reason,
        why=why,
        spends_attempt=False,
        waits_for=guards,
    )


def _wrong(error: Misconfigured) -> str:
    """What a person has to look at."""
    match error:
        case UnknownModel():
            return "the model's name, or its api_base"
        case _:
            return error.credential


def _retry(
    error: Transient, *, attempt: int, policy: Policy, now: float, chance: float
) -> Wait | GiveUp:
    """The last attempt is not spent on what need not be the ticket's doing, nor on a helpdesk."""
    told, last = _told(error, 0.0), attempt >= policy.retry.attempts
    if last and isinstance(error, ProviderDown) and (error.falters or error.overslept):
        # A brown-out would bury whom it happens to meet each time: those ask again, rarely.
        until = now + max(told, policy.retry.cap_seconds * chance, LEAST_SECONDS)
        return Wait(until=until, reason=WaitReason.RETRY, why=str(error), spends_attempt=False)
    # The answer is kept while the helpdesk is away: waiting for it costs nothing.
    if last and not isinstance(error, HelpdeskDown):
        return GiveUp(cause=_cause(error), why=f"{error}, {attempt} times")
    pause = max(told, full_jitter(attempt, policy.retry, chance))
    return Wait(until=now + pause, reason=WaitReason.RETRY, why=str(error))


Away = BreakerOpen | Misconfigured | ProviderDown
"""Why a model that could have served did not."""


def all_of(away: Sequence[Away]) -> Away:
    """One error for several that could have served: it waits for whichever comes back first.

    A breaker closes by itself, so it counts before what a person has to mend. Where one was asked
    and has failed, and no breaker keeps another one from being asked, that is what happened.
    """
    shut = [error for error in away if isinstance(error, BreakerOpen)]
    wrong = [error for error in away if isinstance(error, Misconfigured)]
    guards = " ".join(sorted({*(one.dependency for one in shut), *(one.guard for one in wrong)}))
    if shut:
        soonest = min(shut, key=lambda error: error.retry_after)
        return BreakerOpen(str(soonest), dependency=guards, retry_after=soonest.retry_after)
    for error in reversed(away):
        if isinstance(error, ProviderDown):
            return error
    first = wrong[0]
    return type(first)(str(first), credential=first.credential, guard=guards)


def is_bug(error: Exception) -> bool:
    """Whether nobody expected this: it belongs into the error tracker."""
    return not isinstance(error, TriageError)


def _told(error: RateLimited | Transient, otherwise: float) -> float:
    """Seconds that the other side asked for; at once, or never, counts as nothing said."""
    told = error.retry_after
    return told if told is not None and LEAST_SECONDS <= told < inf else otherwise


def _cause(error: Transient) -> Cause:
    match error:
        case ValuesNotTaken():
            return Cause.HELPDESK_REFUSED
        case ProviderDown():
            return Cause.PROVIDER_DOWN
        case FactsDown():
            return Cause.FACTS_DOWN
        case _:
            return Cause.BUG


def _name(error: Exception) -> str:
    """The error's type alone: its text may hold a piece of the ticket."""
    return f"unexpected {type(error).__name__}"
