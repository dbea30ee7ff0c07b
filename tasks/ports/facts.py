"""The port to sources of customer facts."""

from typing import Protocol

from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction, Known
from tasks.ticket import Requester


class CustomerFacts(Protocol):
    """Looks up what is known about a requester.

    Promise: each method asks once and answers with what the source holds *now*, newest first
    where there is an order, and says how old that is where it is older. An unknown requester is no
    error: the account is None and the lists are empty (`incidents` still holds those that touch
    everybody). `at_hand` asks nobody: it answers at once with what routing needs, or None where
    that would take asking.

    Raises FactsDown when the source does not answer or its answer cannot be used, with a reason
    that quotes nothing of it; `at_hand` never.
    """

    def at_hand(self, requester: Requester) -> AtHand | None: ...

    async def account(self, requester: Requester) -> Known[Account | None]: ...

    async def billing(self, requester: Requester) -> Known[tuple[BillingEvent, ...]]: ...

    async def incidents(self, requester: Requester) -> Known[tuple[Incident, ...]]: ...

    async def interactions(self, requester: Requester) -> Known[tuple[Interaction, ...]]: ...
