"""Facts are gathered all at once; a source that is away leaves a gap with a reason, no error."""

import asyncio
from datetime import UTC, datetime

import pytest

from config.facts import FactKind
from tasks.case import Enriched
from tasks.enrich import enrich
from tasks.facts import Account, BillingEvent, Facts, Incident, Interaction, Known
from tasks.ticket import Requester
from tests.twins.clock import NOON
from tests.twins.desk import Office
from tests.twins.facts import ADA, an_account, an_incident, known, sources
from tests.twins.ticket import received
from worker.facts.memory import MemoryFacts

KINDS: tuple[FactKind, ...] = ("account", "billing", "incidents", "interactions")


def _enrich(facts: MemoryFacts) -> Enriched:
    found = asyncio.run(enrich(received(), Office(facts=facts).desk))
    assert isinstance(found, Enriched)
    return found


class Listening(MemoryFacts):
    """Remembers whom it was asked about, and answers all at `together` where that is given."""

    def __init__(self, together: asyncio.Barrier | None = None) -> None:
        super().__init__()
        self.asked: list[Requester] = []
        self.together = together

    async def account(self, requester: Requester) -> Known[Account | None]:
        await self._listen(requester)
        return await super().account(requester)

    async def billing(self, requester: Requester) -> Known[tuple[BillingEvent, ...]]:
        await self._listen(requester)
        return await super().billing(requester)

    async def incidents(self, requester: Requester) -> Known[tuple[Incident, ...]]:
        await self._listen(requester)
        return await super().incidents(requester)

    async def interactions(self, requester: Requester) -> Known[tuple[Interaction, ...]]:
        await self._listen(requester)
        return await super().interactions(requester)

    async def _listen(self, requester: Requester) -> None:
        self.asked.append(requester)
        if self.together is not None:
            await self.together.wait()


def test_what_the_sources_hold_is_in_the_case_with_its_age() -> None:
    """And with the tier that it leads to."""
    account, incident = an_account("business"), an_incident("cash")
    found = _enrich(sources(incident, account=account))
    assert found.facts == known(account, incident)
    assert found.facts.fetched_at == NOON
    assert found.tier == "premium"
    assert found.rule


def test_the_sources_are_asked_about_the_requester_once_each() -> None:
    """Four questions, one customer."""
    source = Listening()
    _enrich(source)
    assert source.asked == [ADA] * 4


@pytest.mark.timeout(10)
def test_the_four_sources_are_asked_at_the_same_time() -> None:
    """Each waits for the other three: asked one after the other, none would ever answer."""

    async def together() -> object:
        source = Listening(asyncio.Barrier(4))
        async with asyncio.timeout(5):
            return await enrich(received(), Office(facts=source).desk)

    assert isinstance(asyncio.run(together()), Enriched)


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_is_away_leaves_a_gap_with_its_reason(kind: FactKind) -> None:
    """The other three are as they are, and the ticket goes on."""
    source = sources(an_incident("cash"), account=an_account("plus"))
    whole = _enrich(source).facts
    source.down.add(kind)
    facts = _enrich(source).facts
    assert facts.unavailable == {kind: f"{kind} does not answer"}
    assert not getattr(facts, kind)
    for other in set(KINDS) - {kind}:
        assert getattr(facts, other) == getattr(whole, other)


def test_with_every_source_away_the_ticket_still_goes_on() -> None:
    """As somebody we do not know, and said to be so."""
    source = sources(account=an_account("business"))
    source.down.update(KINDS)
    found = _enrich(source)
    assert set(found.facts.unavailable) == set(KINDS)
    assert (found.facts.customer_tier, found.tier) == ("basic", "economy")


def test_nobody_we_know_is_not_the_same_as_a_source_that_is_away() -> None:
    """An unknown requester leaves no gap."""
    assert _enrich(sources()).facts.unavailable == {}


def test_only_incidents_that_were_open_when_the_customer_wrote_count() -> None:
    """A later incident explains nothing."""
    later = an_incident("cash", opened_at=datetime(2026, 1, 1, 11, 1, tzinfo=UTC))
    now = an_incident("cash", opened_at=datetime(2026, 1, 1, 11, 0, tzinfo=UTC))
    facts = _enrich(sources(later, now)).facts
    assert facts.incidents == (now,)


def test_a_bug_in_a_source_is_not_taken_for_an_outage() -> None:
    """Only a source that says that it is down leaves a gap; anything else is raised."""

    class Broken(MemoryFacts):
        async def account(self, requester: Requester) -> Known[Account | None]:
            raise ZeroDivisionError(requester)

    with pytest.raises(ZeroDivisionError):
        _enrich(Broken())


def test_facts_written_down_are_read_back_as_they_were() -> None:
    """A takeover reads the same facts from the ledger."""
    facts = known(an_account("plus"), an_incident("cash"), unavailable={"billing": "timed out"})
    assert Facts.model_validate_json(facts.model_dump_json()) == facts
