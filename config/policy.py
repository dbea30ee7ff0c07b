"""What the fleet may do by itself, how often it tries, and how long anything may take."""

import re
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Literal, cast

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


class Judging(Frozen):
    """Which answers an independent model has to agree with before they are written."""

    share: float = Field(default=0.0, ge=0, le=1)  # of all answers, beside those of high stakes
    seed: str = ""  # draws the sample: the same tickets for the same seed
    issue_types: tuple[str, ...] = ()  # of high stakes
    customer_tiers: tuple[CustomerTier, ...] = ()  # likewise
    escalations: bool = True  # likewise
    instructions: bool = True  # likewise: tickets whose text talks to a machine


class Sign(Frozen):
    """What a text may say that talks to a machine rather than to people."""

    says: str  # in words for people
    patterns: tuple[Pattern, ...] = Field(min_length=1)

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], ...]:
        flags = re.IGNORECASE | re.MULTILINE
        return tuple(re.compile(pattern, flags) for pattern in self.patterns)

    def is_in(self, text: str) -> bool:
        """Whether any of its patterns is."""
        return any(pattern.search(text) for pattern in self._compiled)


class Freedom(StrEnum):
    """What becomes of one field of a decision."""

    OFF = "off"  # left alone
    SUGGEST = "suggest"  # a note says what would be written
    AUTO = "auto"


FreeField = Literal["issue_type", "priority", "queue", "escalated"]
Freedoms = dict[FreeField, Freedom]


class Unmeasured(Frozen):
    """Somebody accepts that fields are written of which nobody can say yet how sure they are."""

    helpdesk: Literal["embedded", "rt", "roundup"]
    by: str = Field(min_length=1)
    until: date  # from that day on (UTC) it does not hold
    why: str = ""


class Autonomy(Frozen):
    """Which fields are written by themselves, and how many of them may be wrong."""

    fields: Freedoms = Field(default_factory=dict)  # what is not named is written by itself
    types: dict[str, Freedoms] = Field(default_factory=dict)  # by issue type; else as above
    tolerated: float = Field(default=0.02, gt=0, lt=1)
    unmeasured: tuple[Unmeasured, ...] = ()
    repeats: int = Field(default=0, ge=0, le=5)  # of a hosted answer at the cheapest tier
    local: bool = False  # hosted answers are compared with local/baseline's, which costs its memory

    def accepted(self, helpdesk: str, today: date) -> str | None:
        """Who has accepted for that kind of helpdesk that nobody knows how sure fields are."""
        found = (one for one in self.unmeasured if one.helpdesk == helpdesk and today < one.until)
        return next((one.by for one in found), None)

    def of(self, issue_type: str, field: str) -> Freedom:
        """Of that field of a ticket of that type."""
        name = cast("FreeField", field)
        return self.types.get(issue_type, {}).get(name) or self.fields.get(name, Freedom.AUTO)


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


class Patience(Frozen):
    """Seconds that a review waits for a person to decide, by customer tier; 0: not at all."""

    basic: float = Field(default=900.0, ge=0, le=604_800)
    plus: float = Field(default=600.0, ge=0, le=604_800)
    business: float = Field(default=300.0, ge=0, le=604_800)

    def of(self, tier: str | None) -> float:
        """How long for customers of that tier, in seconds; someone we do not know is basic."""
        return {"plus": self.plus, "business": self.business}.get(tier or "basic", self.basic)


class Review(Frozen):
    """What is done with a ticket that no machine decides about."""

    hand_over_seconds: Patience = Patience()


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


class Context(Frozen):
    """What a model is told of a ticket, section by section, in tokens at three bytes each."""

    subject: int = Field(default=150, ge=50)
    message: int = Field(default=3_000, ge=200)  # the customer's last one
    recent: int = Field(default=2_000, ge=200)  # of the turns before it, and agents' after it
    summary: int = Field(default=500, ge=100)  # of all turns before those
    facts: int = Field(default=1_500, ge=800)
    before: int = Field(default=600, ge=50)  # of the requester's earlier tickets
    closed: int = Field(default=120, ge=50)  # of what was said in one of these
    turns: int = Field(default=6, ge=1, le=20)  # that are shown as they were said
    tickets: int = Field(default=3, ge=0, le=10)  # earlier ones of the requester
    summary_tier: TierName = "economy"  # whose models sum up, and whose money pays for it
    closed_tier: TierName = "economy"  # likewise, for threads that are over
    summary_days: float = Field(default=30.0, gt=0, le=365)  # that either is kept in Redis


class Policy(Frozen):
    """Decisions about decisions; every number here has its reason in policy.toml."""

    retry: Retry = Retry()
    asking: Asking = Asking()
    judge: Judging = Judging()
    autonomy: Autonomy = Autonomy()
    signs: tuple[Sign, ...] = ()
    unrouted_after: Overdue = Overdue()
    review: Review = Review()
    audit: Audit = Audit()
    watch: Watch = Watch()
    context: Context = Context()
    requeues_per_cause: int = Field(default=2, ge=0)  # the next one needs --force
    facts_good_for_seconds: float = Field(default=900.0, gt=0)
    review_share_alarm: float = Field(default=0.15, gt=0, le=1)
    route_note: bool = True  # a note on each ticket: what was decided, and by which rule
    quote_words: int = Field(default=4, ge=1)  # least words that prove an escalation
    forbidden_promises: tuple[Pattern, ...] = ()  # no draft may contain them
    draft_characters: int = Field(default=4_000, gt=0)  # of a draft; a longer one is withheld
