"""A pause is never negative, never above the cap, and spread over all that is between."""

from hypothesis import given
from hypothesis import strategies as st

from config.policy import Policy, Retry
from tasks import errors
from tasks.backoff import full_jitter
from tasks.decide import decide
from tasks.detour import Wait

attempts = st.integers(1, 10_000)
chances = st.floats(0, 1, exclude_max=True)
retries = st.builds(
    Retry,
    base_seconds=st.floats(0.001, 1e6),
    cap_seconds=st.floats(0.001, 1e6),
)
said = st.none() | st.floats(allow_nan=True, allow_infinity=True)
broken = st.one_of(
    st.builds(errors.ProviderDown, st.just("away"), retry_after=said),
    st.builds(errors.RateLimited, st.just("slow"), retry_after=said),
    st.just(errors.LedgerDown("away")),
    st.just(errors.QuotaGone("none left", credential="KEY")),
    st.just(errors.Rejected("400")),
    st.just(ZeroDivisionError("a bug")),
)


@given(attempts, retries, chances)
def test_a_pause_lies_between_nothing_and_the_cap(
    attempt: int, retry: Retry, chance: float
) -> None:
    """For any attempt, however late."""
    assert 0 <= full_jitter(attempt, retry, chance) <= retry.cap_seconds


@given(st.integers(1, 100), retries)
def test_the_longest_pause_doubles_until_the_cap(attempt: int, retry: Retry) -> None:
    """Full jitter draws below a ceiling that grows exponentially and never shrinks."""
    almost = 1 - 1e-12
    now, then = (full_jitter(n, retry, almost) for n in (attempt, attempt + 1))
    assert now <= then <= 2 * now * (1 + 1e-9)


@given(attempts, retries, chances, chances)
def test_more_chance_is_more_pause(attempt: int, retry: Retry, one: float, other: float) -> None:
    """Chance spreads the fleet over the whole interval, evenly."""
    low, high = sorted((one, other))
    assert full_jitter(attempt, retry, low) <= full_jitter(attempt, retry, high)
    assert full_jitter(attempt, retry, 0.0) == 0.0


@given(broken, st.integers(1, 20), chances, st.floats(0, 4e9))
def test_a_wait_ends_and_does_not_lie_in_the_past(
    error: Exception, attempt: int, chance: float, now: float
) -> None:
    """A ticket neither spins nor is stranded, whatever the other side says."""
    found = decide(error, attempt=attempt, policy=Policy(), now=now, chance=chance)
    if isinstance(found, Wait):
        assert now <= found.until < float("inf")
