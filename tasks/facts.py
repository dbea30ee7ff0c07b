"""What is known about the customer; each fact with its age, or the reason why there is none."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import Field

from config.tiers import CustomerTier
from tasks.ticket import Value

FactKind = Literal["account", "billing", "incidents", "interactions"]


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


class Facts(Value):
    """Everything known about one customer at `fetched_at` (epoch seconds).

    A kind of fact that could not be had stands in `unavailable` with the reason, and its
    attribute is empty; an account of None that is *not* listed there means: no such customer.
    """

    fetched_at: float
    account: Account | None = None
    billing: tuple[BillingEvent, ...] = ()
    incidents: tuple[Incident, ...] = ()  # open ones that touch this customer
    interactions: tuple[Interaction, ...] = ()
    unavailable: dict[FactKind, str] = Field(default_factory=dict)

    @property
    def customer_tier(self) -> CustomerTier:
        """The customer's tier; `basic` for someone we do not know."""
        return self.account.tier if self.account else "basic"
