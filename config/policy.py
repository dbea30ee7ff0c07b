"""What the fleet may do by itself, how often it tries, and how long anything may take."""

from pydantic import Field

from config.taxonomy import Frozen, Pattern
from config.tiers import CustomerTier, TierName


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


class Context(Frozen):
    """What a model is told of a ticket, section by section, in tokens at three bytes each."""

    subject: int = Field(default=150, ge=50)
    message: int = Field(default=3_000, ge=200)  # the customer's last one
    recent: int = Field(default=2_000, ge=200)  # of the turns before it, and agents' after it
    summary: int = Field(default=500, ge=100)  # of all turns before those
    facts: int = Field(default=1_500, ge=800)
    before: int = Field(default=200, ge=50)  # of the requester's earlier tickets
    turns: int = Field(default=6, ge=1, le=20)  # that are shown as they were said
    tickets: int = Field(default=3, ge=0, le=10)  # earlier ones of the requester
    summary_tier: TierName = "economy"  # whose models sum up, and whose money pays for it
    summary_days: float = Field(default=30.0, gt=0, le=365)  # that a summary is kept in Redis


class Policy(Frozen):
    """Decisions about decisions; every number here has its reason in policy.toml."""

    retry: Retry = Retry()
    asking: Asking = Asking()
    unrouted_after: Overdue = Overdue()
    context: Context = Context()
    requeues_per_cause: int = Field(default=2, ge=0)  # the next one needs --force
    facts_good_for_seconds: float = Field(default=900.0, gt=0)
    review_share_alarm: float = Field(default=0.15, gt=0, le=1)
    route_note: bool = True  # a note on each ticket: what was decided, and by which rule
    quote_words: int = Field(default=4, ge=1)  # least words that prove an escalation
    forbidden_promises: tuple[Pattern, ...] = ()  # no draft may contain them
    draft_characters: int = Field(default=4_000, gt=0)  # of a draft; a longer one is withheld
