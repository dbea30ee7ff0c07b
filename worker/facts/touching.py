"""Which facts are whose, and in which order they are told."""

from collections.abc import Iterable
from typing import TypeVar

from tasks.facts import Account, BillingEvent, Incident, Interaction

Dated = TypeVar("Dated", BillingEvent, Interaction)


def newest_first(facts: Iterable[Dated]) -> tuple[Dated, ...]:
    """By the time at which they happened."""
    return tuple(sorted(facts, key=lambda fact: fact.at, reverse=True))


def touching(incidents: Iterable[Incident], account: Account | None) -> tuple[Incident, ...]:
    """Those of everybody and those of this customer, the newest first."""
    found = (
        incident
        for incident in incidents
        if incident.customers is None
        or (account is not None and account.customer_id in incident.customers)
    )
    return tuple(sorted(found, key=lambda incident: incident.opened_at, reverse=True))
