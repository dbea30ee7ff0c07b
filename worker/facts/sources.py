"""Customer facts from whatever sources config names, each behind its guards and in its time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TypeVar

from config.facts import KINDS, Fact, FactKind, FactsConfig, Files, Http, Sql
from tasks.errors import FactsDown, Held, Misconfigured
from tasks.facts import Account, AtHand, BillingEvent, Incident, Interaction, Known
from tasks.ports.guards import Errand, Guards
from tasks.ticket import Requester
from worker.facts.in_time import in_time
from worker.facts.source import Found, Reply, Source, Who, upstream
from worker.facts.touching import newest_first, touching
from worker.facts.turns import Turns
from worker.telemetry.log import Log

Dated = TypeVar("Dated", BillingEvent, Interaction)


class FactSources:
    """Keeps the promise of tasks.ports.facts.

    A source is down, too, while its breaker is open (nobody asks it then), where it is slow, and
    where its answer has another shape; this is no failure for its breaker, for it did answer. Each
    kind is asked for at the same time; what is known by a customer's id alone comes after the
    account, which is asked for once for all who wait for it.

    Raises RateLimited besides, where the fleet has asked a source as often as it may.
    """

    def __init__(
        self,
        config: FactsConfig,
        sources: Mapping[str, Source],
        *,
        guards: Guards,
        at_hand: Callable[[Requester], AtHand | None],
        log: Log,
    ) -> None:
        """`at_hand`: what is known of a requester without asking anybody."""
        self._config = config
        self._sources = sources
        self._guards = guards
        self._at_hand = at_hand
        self._log = log
        asked = Counter(config.of(kind).source for kind in KINDS)
        self._errands = {
            name: errand_to(name, config.sources[name], asked[name]) for name in sources
        }
        self._turns = {
            name: Turns(source.connections)
            for name, source in config.sources.items()
            if isinstance(source, Http | Sql)
        }
        self._asking: dict[str, asyncio.Task[Found]] = {}

    def at_hand(self, requester: Requester) -> AtHand | None:
        """What is known without asking anybody."""
        return self._at_hand(requester)

    async def account(self, requester: Requester) -> Known[Account | None]:
        """The account under the requester's address."""
        found = await self._account(_address(requester))
        account = next((one for one in found.facts if isinstance(one, Account)), None)
        return Known(account, found.as_of, self._config.account.good_for_seconds)

    async def billing(self, requester: Requester) -> Known[tuple[BillingEvent, ...]]:
        """What moved the customer's money lately."""
        return self._newest(BillingEvent, "billing", await self._of("billing", requester))

    async def interactions(self, requester: Requester) -> Known[tuple[Interaction, ...]]:
        """The last contacts with support."""
        return self._newest(Interaction, "interactions", await self._of("interactions", requester))

    async def incidents(self, requester: Requester) -> Known[tuple[Incident, ...]]:
        """What is or was broken for this customer; whose it is, the account may have to say."""
        found, known = await asyncio.gather(
            self._of("incidents", requester), self.account(requester), return_exceptions=True
        )
        if isinstance(found, BaseException):
            raise found
        incidents = [one for one in found.facts if isinstance(one, Incident)]
        if not isinstance(known, BaseException):
            account = known.fact
        elif any(incident.customers is not None for incident in incidents):
            raise known
        else:
            account = None
        good_for = self._config.incidents.good_for_seconds
        return Known(touching(incidents, account), found.as_of, good_for)

    async def aclose(self) -> None:
        """Ends all connections."""
        for source in self._sources.values():
            await source.aclose()

    def _newest(self, model: type[Dated], kind: FactKind, found: Found) -> Known[tuple[Dated, ...]]:
        fact = self._config.of(kind)
        ours = newest_first(one for one in found.facts if isinstance(one, model))
        return Known(ours[: fact.most], found.as_of, fact.good_for_seconds)

    async def _of(self, kind: FactKind, requester: Requester) -> Found:
        """What the source of that kind holds of this customer."""
        fact, email = self._config.of(kind), _address(requester)
        if not self._needs_account(kind, fact):
            known = bool(email) or not fact.asked_by
            return await self._ask(kind, Who(email=email)) if known else Found(())
        account = (await self.account(requester)).fact
        # A query for incidents may have a place for nobody; a path has none.
        if account is None and (kind != "incidents" or not fact.query):
            return Found(())
        whose = account.customer_id if account else None
        return await self._ask(kind, Who(email=email, customer_id=whose))

    def _needs_account(self, kind: FactKind, fact: Fact) -> bool:
        if isinstance(self._config.sources[fact.source], Files):
            return kind != "incidents"
        return "customer_id" in fact.asked_by

    async def _account(self, email: str) -> Found:
        """Asked once, for all who want to know it at the same time."""
        if not email:
            return Found(())
        if isinstance(self._config.sources[self._config.account.source], Files):
            return await self._ask("account", Who(email=email))
        asked = self._asking.get(email)
        if asked is None:
            asked = asyncio.create_task(self._ask("account", Who(email=email)))
            self._asking[email] = asked
            asked.add_done_callback(partial(self._asked, email))
        # One who gives up takes the answer from nobody else; its time is bounded.
        return await asyncio.shield(asked)

    def _asked(self, email: str, asked: "asyncio.Task[Found]") -> None:
        del self._asking[email]
        if not asked.cancelled():
            asked.exception()  # nobody may be left who waits for it

    async def _ask(self, kind: FactKind, who: Who) -> Found:
        fact = self._config.of(kind)
        try:
            reply = await self._awake(kind, fact, who)
            return reply()
        except FactsDown as down:
            # Of a guard that holds it back everybody has heard when it closed.
            if not isinstance(down.__cause__, Held | Misconfigured):
                self._log.warning("facts.unavailable", fact=kind, source=fact.source, why=str(down))
            raise

    async def _awake(self, kind: FactKind, fact: Fact, who: Who) -> Reply:
        """Once more where we stood still when its time was up: else a ticket pays for our pause."""
        try:
            return await self._request(kind, fact, who)
        except FactsDown as down:
            if not down.overslept:
                raise
        return await self._request(kind, fact, who)

    async def _request(self, kind: FactKind, fact: Fact, who: Who) -> Reply:
        try:
            errand = replace(self._errands[fact.source], whose=_visitor(who))
            async with self._turn(kind, fact), self._guards.admit(errand):
                return await self._in_time(kind, fact, who)
        except Held as held:
            raise FactsDown(str(held), retry_after=held.retry_after) from held
        except Misconfigured as refused:
            raise FactsDown(str(refused)) from refused

    def _turn(self, kind: FactKind, fact: Fact) -> AbstractAsyncContextManager[None]:
        """For a connection; files are read by as many at once as like to."""
        turns = self._turns.get(fact.source)
        if turns is None:
            return nullcontext()
        return turns.within(fact.timeout_seconds, told=f"{fact.source}, {kind}")

    async def _in_time(self, kind: FactKind, fact: Fact, who: Who) -> Reply:
        told = f"{fact.source}, {kind}: no answer within {fact.timeout_seconds:g} s"
        async with in_time(fact.timeout_seconds, told=told):
            return await self._sources[fact.source].ask(kind, who)


def _address(requester: Requester) -> str:
    return requester.email.strip().lower()


def errand_to(name: str, source: object, kinds: int = 1) -> Errand:
    """A request to that source, one of so many kinds of fact that are had from it."""
    secrets = source.secret_headers.values() if isinstance(source, Http) else ()
    # One who comes when the account has just been told asks for it once more.
    return Errand(upstream=upstream(name), credential=next(iter(secrets), None), visit=kinds + 1)


def _visitor(who: Who) -> str:
    """By whom a limit knows who comes back: it keeps that for ten minutes, so it is no address."""
    return blake2b(who.email.encode(), digest_size=12).hexdigest()
