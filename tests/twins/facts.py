"""Customer facts, and sources in memory that hold them."""

from datetime import UTC, date, datetime

from config.tiers import CustomerTier
from tasks.facts import Account, FactKind, Facts, Incident
from tasks.ticket import Requester
from tests.twins.clock import NOON
from worker.facts.memory import MemoryFacts

ADA = Requester(email="ada@example.com", name="Ada")
"""Who wrote the tickets of these tests."""


def an_account(tier: CustomerTier = "basic", *, renewal_at: date | None = None) -> Account:
    """An account of that customer tier."""
    return Account(customer_id="C-1", plan=tier, tier=tier, renewal_at=renewal_at)


def an_incident(*issue_types: str, opened_at: datetime | None = None) -> Incident:
    """An incident of that name, open since 2025 unless said otherwise."""
    return Incident(
        id="I-1",
        title="Card payments are slow",
        issue_types=issue_types,
        opened_at=opened_at or datetime(2025, 12, 31, tzinfo=UTC),
    )


def known(
    account: Account | None = None,
    *incidents: Incident,
    unavailable: dict[FactKind, str] | None = None,
) -> Facts:
    """Facts as `enrich` would have found them."""
    return Facts(
        fetched_at=NOON, account=account, incidents=incidents, unavailable=unavailable or {}
    )


def sources(*incidents: Incident, account: Account | None = None) -> MemoryFacts:
    """Sources that know Ada, if she has an account, and these incidents."""
    accounts = {ADA.email: account} if account else {}
    return MemoryFacts(accounts=accounts, incidents=incidents)
