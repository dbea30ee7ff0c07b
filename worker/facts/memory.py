"""The twin of the facts in files: the same promises, from what it was made with."""

from collections.abc import Iterable, Mapping

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction, Known
from tasks.ticket import Requester
from worker.facts.touching import newest_first, touching


class MemoryFacts:
    """Keeps the promise of tasks.ports.facts.

    Accounts by e-mail address, billing events and interactions by customer. Kinds in `down` do
    not answer; it may be changed at any time.
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, Account] | None = None,
        billing: Mapping[str, Iterable[BillingEvent]] | None = None,
        incidents: Iterable[Incident] = (),
        interactions: Mapping[str, Iterable[Interaction]] | None = None,
    ) -> None:
        self.down: set[FactKind] = set()
        self._accounts = dict(accounts or {})
        self._billing = {name: newest_first(each) for name, each in (billing or {}).items()}
        self._incidents = tuple(incidents)
        self._interactions = {
            name: newest_first(each) for name, each in (interactions or {}).items()
        }

    def at_hand(self, requester: Requester) -> AtHand | None:
        """The account and its incidents, where both answer."""
        if self.down & {"account", "incidents"}:
            return None
        account = self._accounts.get(requester.email.lower())
        return AtHand(account, touching(self._incidents, account))

    async def account(self, requester: Requester) -> Known[Account | None]:
        """The account under the requester's address."""
        self._answer("account")
        return Known(self._accounts.get(requester.email.lower()))

    async def billing(self, requester: Requester) -> Known[tuple[BillingEvent, ...]]:
        """What moved the customer's money."""
        self._answer("billing")
        return Known(self._billing.get(self._customer(requester), ()))

    async def incidents(self, requester: Requester) -> Known[tuple[Incident, ...]]:
        """What is or was broken for this customer."""
        self._answer("incidents")
        return Known(touching(self._incidents, self._accounts.get(requester.email.lower())))

    async def interactions(self, requester: Requester) -> Known[tuple[Interaction, ...]]:
        """Earlier contacts with support."""
        self._answer("interactions")
        return Known(self._interactions.get(self._customer(requester), ()))

    def _customer(self, requester: Requester) -> str:
        account = self._accounts.get(requester.email.lower())
        return account.customer_id if account else ""

    def _answer(self, kind: FactKind) -> None:
        if kind in self.down:
            raise FactsDown(f"{kind} does not answer")
