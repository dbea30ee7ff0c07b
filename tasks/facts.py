"""What is known about the customer; each fact with its age, or the reason why there is none."""

from datetime import date, datetime
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from pydantic import Field

from config.facts import KINDS, FactKind
from config.tiers import CustomerTier
from tasks.ticket import Value

Fact = TypeVar("Fact")

GAP_SECONDS = 60.0
"""For how long it is taken for granted that what could not be had cannot be had."""


class Account(Value):
    """The customer's account."""

    customer_id: str
    plan: str
    tier: CustomerTier
    since: date | None = None
    renewal_at: date | None = None


class BillingEvent(Value):
    """Something that moved the customer's money."""

    id: str
    at: datetime
    kind: str
    amount: Decimal
    currency: str
    status: str


class Incident(Value):
    """Something that is broken for several customers, and the issue types it shows as."""

    id: str
    title: str
    issue_types: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None = None
    customers: tuple[str, ...] | None = None  # None: everybody

    def open_at(self, moment: datetime) -> bool:
        """Whether it was open at that moment."""
        return self.opened_at <= moment and (self.closed_at is None or moment < self.closed_at)


class Interaction(Value):
    """An earlier contact with support."""

    id: str
    at: datetime
    channel: str
    summary: str
    outcome: str


class AtHand(NamedTuple):
    """What routing needs of a customer: the account, and the incidents that touch them."""

    account: Account | None
    incidents: tuple[Incident, ...]  # open or not


class Known(NamedTuple, Generic[Fact]):
    """A fact, and how old it is."""

    fact: Fact
    as_of: float | None = None  # epoch seconds at which it was so; None: just now
    good_for: float | None = None  # seconds; None: as long as any fact


class Facts(Value):
    """Everything known about one customer at `fetched_at` (epoch seconds).

    A kind of fact that could not be had stands in `unavailable` with the reason, and its
    attribute is empty; an account of None that is *not* listed there means: no such customer.
    One that is older than it may be stands in `stale`, with its age in words.
    """

    fetched_at: float
    account: Account | None = None
    billing: tuple[BillingEvent, ...] = ()
    incidents: tuple[Incident, ...] = ()  # open ones that touch this customer
    interactions: tuple[Interaction, ...] = ()
    unavailable: dict[FactKind, str] = Field(default_factory=dict)
    stale: dict[FactKind, str] = Field(default_factory=dict)
    as_of: dict[FactKind, float] = Field(default_factory=dict)  # where their source says so
    good_for: dict[FactKind, float] = Field(default_factory=dict)  # seconds, where it has its own

    @property
    def customer_tier(self) -> CustomerTier:
        """The customer's tier; `basic` for someone we do not know."""
        return self.account.tier if self.account else "basic"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What cannot be relied on, in words: "account unavailable", "billing 3 h old"."""
        gaps = [f"{kind} unavailable" for kind in sorted(self.unavailable)]
        return (*gaps, *(f"{kind} {age}" for kind, age in sorted(self.stale.items())))

    def is_outlived(self, now: float, usual: float) -> bool:
        """Whether any of them would be had again by now; `usual`: seconds that they are good for.

        Counted from when we had them: what a source has only in an old form comes no newer.
        """
        return any(self.fetched_at + self._keeps(kind, usual) < now for kind in KINDS)

    def _keeps(self, kind: FactKind, usual: float) -> float:
        good = self.good_for.get(kind, usual)
        return min(good, GAP_SECONDS) if kind in self.unavailable else good

    def as_json(self) -> str:
        """As it is kept: what says nothing is left out, for a version that does not know it yet."""
        return self.model_dump_json(exclude_defaults=True)


def aged(seconds: float) -> str:
    """An age in words, coarse: who waits a minute more is asked the same question."""
    for unit, name in ((86_400, "days"), (3_600, "h")):
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name} old"
    return f"{max(10, int(seconds // 600) * 10)} min old"
