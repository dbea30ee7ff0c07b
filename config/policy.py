"""What the fleet may do by itself, how often it tries, and how long anything may take."""

from pydantic import Field

from config.taxonomy import Frozen, Pattern
from config.tiers import CustomerTier


class Retry(Frozen):
    """Exponential backoff with full jitter, for what passes by itself."""

    attempts: int = Field(default=4, ge=1, le=10)  # a stage, the first one included
    base_seconds: float = Field(default=2.0, gt=0)
    cap_seconds: float = Field(default=60.0, gt=0)
    bug_attempts: int = Field(default=2, ge=1, le=5)  # for exceptions that nobody expected
    park_seconds: float = Field(default=120.0, gt=0)  # a run that a guard holds looks again then


class Asking(Frozen):
    """How often one run may ask models."""

    malformed_asks: int = Field(default=2, ge=1, le=4)  # of one model, the first one included
    promotions_malformed: int = Field(default=2, ge=0, le=2)
    promotions_semantic: int = Field(default=1, ge=0, le=2)
    max_wrong: float = Field(default=0.01, gt=0, lt=1)  # tolerated share of wrong answers


class Overdue(Frozen):
    """Seconds after which an unrouted ticket is somebody's business, by customer tier."""

    basic: float = Field(default=3600.0, gt=0)
    plus: float = Field(default=1800.0, gt=0)
    business: float = Field(default=600.0, gt=0)

    def of(self, tier: CustomerTier) -> float:
        """The limit for customers of that tier, in seconds."""
        limits: dict[CustomerTier, float] = {
            "basic": self.basic,
            "plus": self.plus,
            "business": self.business,
        }
        return limits[tier]


class Audit(Frozen):
    """Tickets that people label without a look at what was decided."""

    share: float = Field(default=0.02, ge=0, le=1)  # of what is written; 0: none
    claim_seconds: float = Field(default=1_800.0, gt=0)  # one that was shown is kept for so long


class Watch(Frozen):
    """From when on more corrections are an alarm; tasks/watching.py says how."""

    window_days: float = Field(default=28.0, gt=0)
    past_days: float = Field(default=56.0, gt=0)  # before the window
    least_past: int = Field(default=1_000, ge=0)  # tickets in it; with fewer nothing is judged
    drawn_by: float = Field(default=1_000.0, ge=0)  # tickets that the rate of all types weighs
    least_rate: float = Field(default=0.004, gt=0, lt=0.5)  # of corrections; fewer is as good
    tolerated: float = Field(default=1.25, ge=1)  # times the usual rate
    times: float = Field(default=4.0, gt=1, le=100)  # the odds of that: what is looked for
    false_alarm_days: float = Field(default=30.0, gt=0)  # in which one is accepted
    least_bound: float = Field(default=1_000.0, ge=10)
    hold_days: float = Field(default=7.0, gt=0)  # for how long what was an alarm is one


class Policy(Frozen):
    """Decisions about decisions; every number here has its reason in policy.toml."""

    retry: Retry = Retry()
    asking: Asking = Asking()
    unrouted_after: Overdue = Overdue()
    audit: Audit = Audit()
    watch: Watch = Watch()
    requeues_per_cause: int = Field(default=2, ge=0)  # the next one needs --force
    facts_good_for_seconds: float = Field(default=900.0, gt=0)
    review_share_alarm: float = Field(default=0.15, gt=0, le=1)
    route_note: bool = True  # a note on each ticket: what was decided, and by which rule
    quote_words: int = Field(default=4, ge=1)  # least words that prove an escalation
    forbidden_promises: tuple[Pattern, ...] = ()  # no draft may contain them
    draft_characters: int = Field(default=4_000, gt=0)  # of a draft; a longer one is withheld
