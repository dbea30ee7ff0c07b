"""What stands between the fleet and whatever it asks: limits, budgets and caps."""

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from config.taxonomy import Frozen

GUARDS = ("breaker", "retry_budget", "rate_limits", "money")
"""What an operator may switch off for a while: `triage guard off NAME`."""

MOST_OFF_SECONDS = 86_400.0
"""How long at most; then it is on again by itself."""

MICRO = 1_000_000
"""Millionths in a dollar."""


class Breaker(Frozen):
    """When a dependency is left alone, and how it is tried again."""

    window_seconds: float = Field(default=30.0, gt=0)
    least_calls: int = Field(default=10, ge=1)  # in the window; fewer say nothing
    last_calls: int = Field(default=30, ge=1)  # of the window, those that are judged by
    failure_share: float = Field(default=0.5, gt=0, le=1)
    open_seconds: float = Field(default=5.0, gt=0)  # the first time; twice as long after each probe
    most_open_seconds: float = Field(default=60.0, gt=0)
    ramp_seconds: float = Field(default=10.0, ge=0)  # from a trickle to everything, once it closes
    credential_seconds: float = Field(default=20.0, gt=0)  # how often a wrong key is tried again
    sync_seconds: float = Field(default=0.2, gt=0)  # how often a process tells Redis and asks it


class Retries(Frozen):
    """How many retries the whole fleet may make in any 60 s."""

    share: float = Field(default=0.10, ge=0, le=1)  # of the successes of the last 5 minutes
    floor: int = Field(default=10, ge=0)  # beside that share


class Budget(Frozen):
    """What one run may use up before a person looks at it; afresh after a requeue."""

    calls: int = Field(default=8, ge=1)  # that were answered
    tokens: int = Field(default=120_000, ge=1)  # in and out
    usd: Decimal = Field(default=Decimal("0.50"), gt=0)


class Caps(Frozen):
    """US dollars a day (UTC). `triage spend set-cap` says otherwise without a restart."""

    fleet: Decimal = Field(default=Decimal(50), gt=0)
    economy: Decimal = Field(default=Decimal(20), gt=0)
    standard: Decimal = Field(default=Decimal(30), gt=0)
    premium: Decimal = Field(default=Decimal(40), gt=0)
    cheaper_tier: bool = False  # whether a run of a tier that is closed goes to a cheaper one

    def of(self, scope: str) -> int:
        """The cap of `fleet` or a tier, in millionths of a dollar."""
        caps: dict[str, Decimal] = {
            "fleet": self.fleet,
            "economy": self.economy,
            "standard": self.standard,
            "premium": self.premium,
        }
        return int(caps[scope] * MICRO)


VISIT = 20
"""Requests that any helpdesk's limit must have room for, or a write could not be ended."""


class Limit(Frozen):
    """How much one upstream is asked in a minute, by all of the fleet together."""

    upstream: str  # as `triage breaker list` has it: openai, helpdesk:rt, facts:crm
    requests_per_minute: int | None = Field(default=None, gt=0)
    tokens_per_minute: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            message = "it limits nothing: say requests_per_minute, tokens_per_minute or both"
            raise ValueError(message)
        if self.by_visit and self.tokens_per_minute is not None:
            message = "only models cost tokens: say requests_per_minute"
            raise ValueError(message)
        if self.upstream.startswith("helpdesk:") and (self.requests_per_minute or 0) < VISIT:
            message = (
                f"one ticket that is written takes up to {VISIT} requests: say at least as many"
            )
            raise ValueError(message)
        return self

    @property
    def by_visit(self) -> bool:
        """Whether one leave is for several requests, so that what is begun can be ended."""
        return self.upstream.startswith(("helpdesk:", "facts:"))

    @property
    def said(self) -> str:
        """In words: "500 requests and 200000 tokens a minute"."""
        kinds = {"requests": self.requests_per_minute, "tokens": self.tokens_per_minute}
        return " and ".join(f"{most} {kind}" for kind, most in kinds.items() if most) + " a minute"


class Guards(Frozen):
    """All of it."""

    breaker: Breaker = Breaker()
    retries: Retries = Retries()
    run: Budget = Budget()
    caps: Caps = Caps()
    limits: tuple[Limit, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [limit.upstream for limit in self.limits]
        if len(set(names)) != len(names):
            message = "an upstream has two limits"
            raise ValueError(message)
        return self

    def limit(self, upstream: str) -> Limit | None:
        """The limit of that upstream, where it has one."""
        return next((limit for limit in self.limits if limit.upstream == upstream), None)
