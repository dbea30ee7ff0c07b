"""How long to wait before the next attempt."""

from config.policy import Retry


def full_jitter(attempt: int, policy: Retry, chance: float) -> float:
    """Seconds before attempt `attempt + 1`: uniform between 0 and an exponentially growing cap.

    `chance` is a number in [0, 1). Full jitter spreads the fleet best of the variants compared in
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(attempt - 1, 32))
    return ceiling * chance
