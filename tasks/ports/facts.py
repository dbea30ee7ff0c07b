"""The port to sources of customer facts."""

from typing import Protocol

from tasks.facts import Account, BillingEvent, Incident, Interaction
from tasks.ticket import Requester


class CustomerFacts(Protocol):
    """Looks up what is known about a requester.

    Promise: each method asks once and answers with what the source holds *now*, newest first
    where there is an order. An unknown requester is no error: the account is None and the lists
    are empty (`incidents` still holds those that touch everybody).

    Raises FactsDown when the source does not answer or its answer cannot be used.
    """

    async def account(self, requester: Requester) -> Account | None: ...

    async def billing(self, requester: Requester) -> tuple[BillingEvent, ...]: ...

    async def incidents(self, requester: Requester) -> tuple[Incident, ...]: ...

    async def interactions(self, requester: Requester) -> tuple[Interaction, ...]: ...
