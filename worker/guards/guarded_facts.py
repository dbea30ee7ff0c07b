"""A source of customer facts behind the guards."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tasks.errors import FactsDown, Held
from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction
from tasks.ports.facts import CustomerFacts
from tasks.ports.guards import Errand, Guards
from tasks.ticket import Requester

Fact = TypeVar("Fact")

FACTS = "facts"
"""What its breaker and its limits are called."""


class GuardedFacts:
    """The same source. While its breaker is open it is down at once, and nobody asks it.

    Raises RateLimited besides, where the fleet has asked it as often as it may.
    """

    def __init__(self, facts: CustomerFacts, guards: Guards) -> None:
        self._facts = facts
        self._guards = guards
        self._errand = Errand(upstream=FACTS)

    def at_hand(self, requester: Requester) -> AtHand | None:
        """As the source itself: nobody is asked."""
        return self._facts.at_hand(requester)

    async def account(self, requester: Requester) -> Account | None:
        return await self._ask(self._facts.account, requester)

    async def billing(self, requester: Requester) -> tuple[BillingEvent, ...]:
        return await self._ask(self._facts.billing, requester)

    async def incidents(self, requester: Requester) -> tuple[Incident, ...]:
        return await self._ask(self._facts.incidents, requester)

    async def interactions(self, requester: Requester) -> tuple[Interaction, ...]:
        return await self._ask(self._facts.interactions, requester)

    async def _ask(self, ask: Callable[[Requester], Awaitable[Fact]], requester: Requester) -> Fact:
        try:
            async with self._guards.admit(self._errand):
                return await ask(requester)
        except Held as held:
            raise FactsDown(str(held), retry_after=held.retry_after) from held
