"""When a breaker opens, and how it is tried again: one rule for dependencies, one for keys."""

from dataclasses import dataclass

from config.guards import Breaker
from tasks.ports.guards import Errand

PARTS = 10_000
"""Shares are counted in ten-thousandths, for pybreaker counts in whole numbers."""

CREDENTIAL, MODEL = KEYS = ("credential:", "model:")
"""What the names of guards begin with that a person must mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Seconds and shares; `at_once`: one failure is enough, one success too, and nothing counts."""

    at_once: bool
    window: float
    least_calls: int
    last_calls: int
    failure_share: float
    first: float  # how long it stays open at first
    most: float
    ramp: float  # from a trickle to everything, once it has closed

    @property
    def parts(self) -> int:
        """The share of failures at which it opens."""
        return round(self.failure_share * PARTS)

    def longer(self, interval: float) -> float:
        """How long it stays open after a probe has failed."""
        return min(2 * interval, self.most)


def rule_of(name: str, config: Breaker) -> Rule:
    """The rule of the guard with that name."""
    at_once = name.startswith(KEYS)
    return Rule(
        at_once=at_once,
        window=config.window_seconds,
        least_calls=1 if at_once else config.least_calls,
        last_calls=config.last_calls,
        failure_share=config.failure_share,
        first=config.credential_seconds if at_once else config.open_seconds,
        most=config.credential_seconds if at_once else config.most_open_seconds,
        ramp=0.0 if at_once else config.ramp_seconds,
    )


def guards_of(errand: Errand) -> tuple[str, ...]:
    """Names of the guards that it comes to, in their order: a wrong key is known without asking."""
    key = () if errand.credential is None else (CREDENTIAL + errand.credential,)
    model = () if errand.model is None else (MODEL + errand.model,)
    return (*key, *model, errand.upstream)
