"""Customer facts from JSON files in a folder."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pydantic import TypeAdapter

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction
from tasks.ports.clock import Clock
from tasks.ticket import Requester, Value
from worker.facts.sheet import Kept, Sheet, Written
from worker.facts.source import Found, Reply, Who
from worker.facts.touching import newest_first, touching

Fact = TypeVar("Fact", bound=Value)


class JsonFiles:
    """Keeps the promise of worker.facts.source from four files in one folder.

    `accounts.json` has accounts by e-mail address, `billing_events.json` and `interactions.json`
    have lists by customer_id, `incidents.json` is a list. A time without a zone is UTC. Each file
    is looked at once a second at most and read when it has changed, by a thread of its own; a
    look-up is one in a dict. A file that is missing or malformed has its own kind answer FactsDown.
    """

    def __init__(self, folder: Path, clock: Clock, *, exports: bool = False) -> None:
        """`exports`: a job writes the files anew, and what they say was so at that time."""
        self._exports = exports
        self._accounts = Sheet(
            folder / "accounts.json", clock, TypeAdapter(dict[str, Account]), _by_address
        )
        self._billing = Sheet(
            folder / "billing_events.json",
            clock,
            TypeAdapter(dict[str, tuple[BillingEvent, ...]]),
            _billed,
        )
        self._incidents = Sheet(
            folder / "incidents.json",
            clock,
            TypeAdapter(tuple[Incident, ...]),
            lambda incidents: tuple(map(_in_utc, incidents)),
        )
        self._interactions = Sheet(
            folder / "interactions.json",
            clock,
            TypeAdapter(dict[str, tuple[Interaction, ...]]),
            lambda lists: {name: newest_first(map(_in_utc, each)) for name, each in lists.items()},
        )
        # One thread: a sheet is refreshed by one at a time, and whoever waits finds it done.
        self._looking = Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="facts")

    def at_hand(self, requester: Requester) -> AtHand | None:
        """The account and its incidents, as the files have them."""
        if self._accounts.is_due:
            self._refresh(self._accounts)
        if self._incidents.is_due:
            self._refresh(self._incidents)
        try:
            account = self._accounts.content.get(requester.email.lower())
            return AtHand(account, touching(self._incidents.content, account))
        except FactsDown:
            return None

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        """What the file of that kind says."""
        found = await self._look_up(kind, who)
        return lambda: found

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def _look_up(self, kind: FactKind, who: Who) -> Found:
        customer = who.customer_id or ""
        match kind:
            case "account":
                account = (await self._current(self._accounts)).get(who.email)
                return self._found(self._accounts, (account,) if account else ())
            case "billing":
                billing = await self._current(self._billing)
                return self._found(self._billing, billing.get(customer, ()))
            case "incidents":
                incidents = await self._current(self._incidents)
                return self._found(self._incidents, incidents)
            case "interactions":
                interactions = await self._current(self._interactions)
                return self._found(self._interactions, interactions.get(customer, ()))

    def _found(self, sheet: Sheet[Written, Kept], facts: tuple[Value, ...]) -> Found:
        return Found(facts, sheet.written_at if self._exports else None)

    async def _current(self, sheet: Sheet[Written, Kept]) -> Kept:
        if sheet.is_due:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._refresh, sheet)
        return sheet.content

    def _refresh(self, sheet: Sheet[Written, Kept]) -> None:
        with self._looking:
            sheet.refresh()


def _by_address(accounts: Mapping[str, Account]) -> dict[str, Account]:
    return {address.strip().lower(): account for address, account in accounts.items()}


def _billed(
    lists: Mapping[str, tuple[BillingEvent, ...]],
) -> dict[str, tuple[BillingEvent, ...]]:
    for number, events in enumerate(lists.values(), 1):
        if any(event.amount < 0 for event in events):
            message = f"entry {number}, amount, is negative: the kind says who paid whom"
            raise FactsDown(message)
    return {name: newest_first(map(_in_utc, each)) for name, each in lists.items()}


def _in_utc(fact: Fact) -> Fact:
    """Moments that can be compared with each other."""
    zoned = {
        name: moment.replace(tzinfo=UTC)
        for name, moment in fact
        if isinstance(moment, datetime) and moment.tzinfo is None
    }
    return fact.model_copy(update=zoned) if zoned else fact
