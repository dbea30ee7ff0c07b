"""Facts are gathered all at once; a source that is away leaves a gap with a reason, no error."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.facts import FactKind
from config.tiers import Rule
from tasks.case import Enriched
from tasks.enrich import enrich
from tasks.facts import Account, BillingEvent, Facts, Incident, Interaction, Known
from tasks.ticket import Requester
from tests.twins.clock import NOON
from tests.twins.desk import Office, shipped
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


def test_a_source_that_is_away_makes_nobody_a_basic_customer() -> None:
    """A rule for basic customers is not for those of whom nobody knows."""
    cheap = Rule(tier="standard", customer_tier=("basic",), why="a rule for the test")
    tiers = shipped().tiers.model_copy(update={"rules": (cheap,)})
    source = sources()
    desk = replace(Office(facts=source).desk, tiers=tiers)
    known = asyncio.run(enrich(received(), desk))
    source.down.add("account")
    unknown = asyncio.run(enrich(received(), desk))
    assert isinstance(known, Enriched)
    assert isinstance(unknown, Enriched)
    assert (known.tier, unknown.tier) == ("standard", "economy")


class Dated(MemoryFacts):
    """Its account was so at `as_of`, and is good for `good_for` seconds."""

    def __init__(self, as_of: float | None, good_for: float | None) -> None:
        super().__init__(accounts={ADA.email: an_account("plus")})
        self._dated = (as_of, good_for)

    async def account(self, requester: Requester) -> Known[Account | None]:
        return (await super().account(requester))._replace(
            as_of=self._dated[0], good_for=self._dated[1]
        )


@pytest.mark.parametrize(
    ("as_of", "good_for", "stale"),
    [
        (None, 1.0, {}),
        (NOON - 600, None, {}),
        (NOON - 900, None, {}),
        (NOON - 901, None, {"account": "10 min old"}),
        (NOON - 901, 3_600.0, {}),
        (NOON - 61, 60.0, {"account": "10 min old"}),
        (NOON - 3 * 3_600, 60.0, {"account": "3 h old"}),
        (NOON - 3 * 86_400, 86_400.0, {"account": "3 days old"}),
        (NOON + 60, 1.0, {}),
    ],
)
def test_what_is_older_than_it_may_be_is_said_to_be(
    as_of: float | None, good_for: float | None, stale: dict[FactKind, str]
) -> None:
    """By its own limit, else by the policy's 900 s; what its source dates tomorrow is of now."""
    facts = _enrich(Dated(as_of, good_for)).facts
    assert facts.stale == stale
    assert facts.account == an_account("plus")


def test_what_says_nothing_of_age_is_written_down_as_before() -> None:
    """A worker of an older version can read it."""
    text = _enrich(sources(account=an_account("plus"))).facts.as_json()
    assert json.loads(text).keys() == {"fetched_at", "account"}


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
    dated = facts.model_copy(
        update={
            "stale": {"account": "3 h old"},
            "as_of": {"account": NOON - 10_800},
            "good_for": {"account": 60.0},
        }
    )
    for written in (facts, dated):
        assert Facts.model_validate_json(written.as_json()) == written
