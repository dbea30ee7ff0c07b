"""What to do about what is broken: one table over the whole error tree."""

from collections.abc import Iterator
from math import inf, nan

import pytest

from tasks import errors
from tasks.causes import Cause, WaitReason
from tasks.decide import RATE_SECONDS, all_of, decide, is_bug
from tasks.detour import GiveUp, Wait
from tests.twins.clock import NOON
from tests.twins.desk import shipped

POLICY = shipped().policy
LAST = POLICY.retry.attempts


def _found(error: errors.TriageError, **of_it: bool) -> errors.TriageError:
    """With what the guards have found about it."""
    for name, is_so in of_it.items():
        setattr(error, name, is_so)
    return error


Remedy = tuple[WaitReason, bool] | Cause
"""Wait for that reason, and whether an attempt is spent; or give up with that cause."""

TABLE: tuple[tuple[Exception, Remedy, Remedy], ...] = (
    # the error, at the first attempt, at the last
    (errors.ProviderDown("away"), (WaitReason.RETRY, True), Cause.PROVIDER_DOWN),
    (
        _found(errors.ProviderDown("away"), falters=True),
        (WaitReason.RETRY, True),
        (WaitReason.RETRY, False),
    ),
    (
        _found(errors.ProviderDown("away"), overslept=True),
        (WaitReason.RETRY, True),
        (WaitReason.RETRY, False),
    ),
    (errors.HelpdeskDown("away"), (WaitReason.RETRY, True), (WaitReason.RETRY, True)),
    (
        _found(errors.HelpdeskDown("away"), falters=True),
        (WaitReason.RETRY, True),
        (WaitReason.RETRY, True),
    ),
    (errors.NotAllowed("403"), (WaitReason.RETRY, False), (WaitReason.RETRY, False)),
    (errors.ValuesNotTaken("queue"), (WaitReason.RETRY, True), Cause.HELPDESK_REFUSED),
    (errors.FactsDown("away"), (WaitReason.RETRY, True), Cause.FACTS_DOWN),
    (errors.SourceDown("away"), (WaitReason.RETRY, True), Cause.BUG),
    (
        errors.BreakerOpen("open", dependency="openai", retry_after=9.0),
        (WaitReason.BREAKER, False),
        (WaitReason.BREAKER, False),
    ),
    (
        errors.RetriesSpent("spent", dependency="openai", retry_after=9.0),
        (WaitReason.RETRY, False),
        (WaitReason.RETRY, False),
    ),
    (
        errors.OutOfTime("held long enough", dependency="openai/x", retry_after=1.0),
        (WaitReason.RETRY, False),
        (WaitReason.RETRY, False),
    ),
    (errors.LedgerDown("away"), (WaitReason.RETRY, False), (WaitReason.RETRY, False)),
    (errors.RateLimited("slow"), (WaitReason.RATE, False), (WaitReason.RATE, False)),
    (
        errors.CredentialRefused("401", credential="OPENAI_API_KEY"),
        (WaitReason.PARKED, False),
        (WaitReason.PARKED, False),
    ),
    (
        errors.UnknownModel("404", credential="OPENAI_API_KEY"),
        (WaitReason.PARKED, False),
        (WaitReason.PARKED, False),
    ),
    (
        errors.QuotaGone("quota", credential="OPENAI_API_KEY"),
        (WaitReason.PARKED, False),
        (WaitReason.PARKED, False),
    ),
    (errors.Rejected("400"), Cause.REJECTED, Cause.REJECTED),
    (errors.ContextTooLong("9,000 tokens"), Cause.CONTEXT_TOO_LONG, Cause.CONTEXT_TOO_LONG),
    (errors.OperatorError("not here"), (WaitReason.RETRY, True), Cause.BUG),
    (ZeroDivisionError("a bug"), (WaitReason.RETRY, True), Cause.BUG),
    (KeyError("a bug"), (WaitReason.RETRY, True), Cause.BUG),
    (TimeoutError("a bug"), (WaitReason.RETRY, True), Cause.BUG),
)


def _decide(error: Exception, attempt: int = 1, chance: float = 0.5) -> Wait | GiveUp:
    return decide(error, attempt=attempt, policy=POLICY, now=NOON, chance=chance)


def _remedy(error: Exception, attempt: int) -> Remedy:
    match _decide(error, attempt):
        case Wait(reason=reason, spends_attempt=spends):
            return (reason, spends)
        case GiveUp(cause=cause):
            return cause


@pytest.mark.parametrize(
    ("error", "first", "last"), TABLE, ids=[type(error).__name__ for error, _, _ in TABLE]
)
def test_every_error_has_its_one_remedy(error: Exception, first: Remedy, last: Remedy) -> None:
    """Every line of the table."""
    assert _remedy(error, 1) == first
    assert _remedy(error, LAST) == last


def _leaves(root: type[Exception]) -> Iterator[type[Exception]]:
    """The classes of our own tree without children there; adapters' private ones do not count."""
    children = [kind for kind in root.__subclasses__() if kind.__module__ == errors.__name__]
    for kind in children:
        yield from _leaves(kind)
    if not children:
        yield root


def test_every_leaf_of_the_error_tree_stands_in_the_table() -> None:
    """Who adds an error says what to do about it."""
    ours = {type(error) for error, _, _ in TABLE if isinstance(error, errors.TriageError)}
    assert set(_leaves(errors.TriageError)) <= ours
    assert errors.Rejected in ours  # a parent that is raised as well


def test_the_error_tree_is_drawn_as_it_is() -> None:
    """The drawing at the top of the file names every class, and no other."""
    drawn = str(errors.__doc__)
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert [kind.__name__ for kind in classes if kind.__name__ not in drawn] == []


@pytest.mark.parametrize("attempt", range(1, LAST))
def test_what_passes_by_itself_is_tried_until_the_attempts_are_spent(attempt: int) -> None:
    """Four attempts a stage, the first one included."""
    assert isinstance(_decide(errors.ProviderDown("away"), attempt), Wait)
    assert isinstance(_decide(errors.ProviderDown("away"), LAST), GiveUp)


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
def test_whom_a_brown_out_has_met_each_time_asks_again_rarely(chance: float) -> None:
    """It has had its attempts, and takes from the fleet's retries what others need."""
    faltering = _found(errors.ProviderDown("away"), falters=True)
    waits = _seconds(faltering, LAST, chance)
    assert waits == pytest.approx(max(1.0, POLICY.retry.cap_seconds * chance))
    told = _found(errors.ProviderDown("away", retry_after=90.0), falters=True)
    assert _seconds(told, LAST, chance) == pytest.approx(90.0)


def test_a_bug_is_tried_twice() -> None:
    """Once could be chance."""
    assert isinstance(_decide(ZeroDivisionError(), 1), Wait)
    assert isinstance(_decide(ZeroDivisionError(), 2), GiveUp)


def _seconds(error: Exception, attempt: int = 1, chance: float = 0.5) -> float:
    found = _decide(error, attempt, chance)
    assert isinstance(found, Wait)
    return found.until - NOON


def test_a_429_waits_as_told() -> None:
    """And a little longer each, so that not all come back in the same moment."""
    assert _seconds(errors.RateLimited("slow", retry_after=30.0), chance=0.0) == 30.0
    assert 30.0 <= _seconds(errors.RateLimited("slow", retry_after=30.0), chance=0.99) < 31.0
    assert _seconds(errors.RateLimited("slow"), chance=0.0) == RATE_SECONDS


@pytest.mark.parametrize("told", [0.0, -3_600.0, nan, inf, -inf])
def test_a_retry_after_that_is_none_is_not_believed(told: float) -> None:
    """A date past would spin, an endless one would strand the ticket."""
    assert _seconds(errors.RateLimited("slow", retry_after=told), chance=0.0) == RATE_SECONDS
    assert 0.0 <= _seconds(errors.ProviderDown("away", retry_after=told)) <= 60.0


def test_a_retry_waits_at_least_as_long_as_told() -> None:
    """Retry-After is honoured; without one the pause is ours."""
    assert _seconds(errors.ProviderDown("away", retry_after=120.0)) == 120.0
    assert _seconds(errors.ProviderDown("away"), attempt=3, chance=0.5) == 4.0


def test_a_parked_run_says_which_credential_to_mend() -> None:
    """By the name of its variable; the value is nowhere."""
    found = _decide(errors.CredentialRefused("401 from openai", credential="OPENAI_API_KEY"))
    assert found.why == "401 from openai (mend OPENAI_API_KEY)"


@pytest.mark.parametrize(
    ("error", "guards"),
    [
        (errors.BreakerOpen("x", dependency="openai", retry_after=5.0), "openai"),
        (errors.CredentialRefused("x", credential="OPENAI_API_KEY"), "credential:OPENAI_API_KEY"),
        (errors.UnknownModel("x", credential="K", guard="model:openai/x"), "model:openai/x"),
    ],
)
def test_what_a_guard_holds_back_is_let_go_by_it(error: Exception, guards: str) -> None:
    """The time is for the case that nobody notices."""
    found = _decide(error, chance=0.0)
    assert isinstance(found, Wait)
    assert found.waits_for == guards
    assert found.until == NOON + POLICY.retry.park_seconds


def test_who_was_held_back_as_one_retry_too_many_comes_when_told() -> None:
    error = errors.RetriesSpent("spent", dependency="openai", retry_after=9.0)
    assert _seconds(error, chance=0.0) == 9.0
    assert 9.0 <= _seconds(error, chance=0.9) < 18.0


def test_several_that_are_away_are_waited_for_together() -> None:
    """Whichever comes back first; a breaker before a key, for it closes by itself."""
    key = errors.CredentialRefused("401", credential="K")
    slow = errors.BreakerOpen("b", dependency="b", retry_after=50.0)
    quick = errors.BreakerOpen("a", dependency="a", retry_after=5.0)
    found = all_of([key, slow, quick])
    assert isinstance(found, errors.BreakerOpen)
    assert (found.dependency, found.retry_after) == ("a b credential:K", 5.0)
    model = errors.UnknownModel("404", credential="J", guard="model:m")
    parked = all_of([errors.CredentialRefused("401", credential="K"), model])
    assert isinstance(parked, errors.CredentialRefused)
    assert parked.guard == "credential:K model:m"


def test_what_an_unexpected_error_says_is_not_repeated() -> None:
    """Its text may hold a piece of the ticket."""
    for attempt in (1, 2):
        found = _decide(ValueError("my card was stolen"), attempt)
        assert found.why == "unexpected ValueError"


def test_only_what_nobody_expected_is_a_bug() -> None:
    """A hundred handled 429s make no Sentry event."""
    assert [is_bug(error) for error, _, _ in TABLE] == [
        not isinstance(error, errors.TriageError) for error, _, _ in TABLE
    ]
