"""Sources put together: each in its time and behind its breaker, the account asked for once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config.facts import FactKind
from tasks.errors import BreakerOpen, CredentialRefused, FactsDown, Misconfigured
from tasks.facts import Account, BillingEvent, Interaction
from tasks.ticket import Requester
from tests.servers.foreign_database import REST, TWO_TABLES
from tests.stubs.facts_service import ACCOUNT
from tests.stubs.facts_service import REST as SERVICE_REST
from tests.stubs.facts_service import VARIABLE as SHOP
from tests.twins.breakers import processes
from tests.twins.clock import StillClock
from tests.twins.facts import ADA, an_account, files_alone
from tests.twins.guards import StrictGuards
from tests.unit.worker.facts.scripted import DATABASE, Scripted, holding, sources
from worker.facts.source import Found, Who
from worker.facts.sources import FactSources
from worker.guards.doors import Doors

SERVICE = ((ACCOUNT + SERVICE_REST).replace("PORT", "1"), {SHOP: "Bearer made-up"})


def _all(facts: FactSources) -> list[object]:
    async def all_at_once() -> list[object]:
        found = await asyncio.gather(
            facts.account(ADA),
            facts.billing(ADA),
            facts.incidents(ADA),
            facts.interactions(ADA),
        )
        return list(found)

    return asyncio.run(all_at_once())


def test_the_account_is_asked_for_once_for_all_who_need_it(tmp_path: Path) -> None:
    """And billing by what it says; interactions, which go by the address, do not wait."""
    source = Scripted(says={"account": holding(an_account())})
    _all(sources(source, tmp_path))
    assert Counter(kind for kind, _ in source.asked) == Counter(
        ["account", "billing", "incidents", "interactions"]
    )
    asked = dict(source.asked)
    assert asked["billing"].customer_id == "C-1"
    assert asked["interactions"] == Who(email="ada@example.com")
    assert [kind for kind, _ in source.asked][-1] == "billing"


def test_the_next_ticket_asks_anew(tmp_path: Path) -> None:
    """What was answered is nobody's to keep."""
    source = Scripted(says={"account": holding(an_account())})
    facts = sources(source, tmp_path)
    for _ in range(2):
        assert asyncio.run(facts.account(ADA)).fact == an_account()
    assert len(source.asked) == 2


def test_all_that_is_asked_about_a_customer_is_one_visit(tmp_path: Path) -> None:
    """Else a limit would send a ticket away with half of its facts, to ask for all of them anew."""
    guards = StrictGuards()
    source = Scripted(says={"account": holding(an_account())})
    _all(sources(source, tmp_path, guards))
    assert len(guards.came) == 4
    [whose] = {errand.whose for errand in guards.came}
    [visit] = {errand.visit for errand in guards.came}
    assert visit >= len(guards.came)
    assert whose
    assert "ada" not in whose


def test_whoever_gives_up_takes_the_account_from_nobody_else(tmp_path: Path) -> None:
    """One ticket is cancelled; another of the same customer waits for the same answer."""
    source = Scripted(says={"account": holding(an_account())})
    facts = sources(source, tmp_path)

    async def two() -> Account | None:
        first = asyncio.create_task(facts.account(ADA))
        second = asyncio.create_task(facts.account(ADA))
        await asyncio.sleep(0)
        first.cancel()
        return (await second).fact

    assert asyncio.run(two()) == an_account()
    assert len(source.asked) == 1


@pytest.mark.parametrize(("connected", "asks"), [(DATABASE, ["account"]), (SERVICE, ["account"])])
def test_of_nobody_there_is_nothing_to_ask(
    tmp_path: Path, connected: tuple[str, Mapping[str, str]], asks: list[FactKind]
) -> None:
    """Who has no account has no id to ask by."""
    source = Scripted()
    facts = sources(source, tmp_path, connected=connected)
    assert asyncio.run(facts.billing(ADA)).fact == ()
    assert [kind for kind, _ in source.asked] == asks


def test_a_ticket_without_an_address_is_nobodys(tmp_path: Path) -> None:
    """A path with nothing in it would be about everybody."""
    source = Scripted()
    facts = sources(source, tmp_path)
    nobody = Requester(email=" ")
    assert asyncio.run(facts.account(nobody)).fact is None
    assert asyncio.run(facts.interactions(nobody)).fact == ()
    assert source.asked == []


def test_a_source_that_hangs_is_given_up_on_in_its_time(tmp_path: Path) -> None:
    """Each fact has its own."""
    more = "[incidents]\ntimeout_seconds = 0.01\n"
    text = (TWO_TABLES + REST).replace("[incidents]\n", more)
    facts = sources(Scripted(hangs=True), tmp_path, connected=(text, DATABASE[1]))
    with pytest.raises(FactsDown, match=r"^crm, incidents: no answer within 0\.01 s$"):
        asyncio.run(facts.incidents(ADA))


def test_a_source_that_fails_too_often_is_left_alone(tmp_path: Path) -> None:
    """Its breaker is called by its name, and what it holds back is down at once."""
    [one] = processes()
    source = Scripted(raises=FactsDown("crm, account: no answer"))
    facts = sources(source, tmp_path, Doors(one.breakers))
    for _ in range(10):
        with pytest.raises(FactsDown, match="no answer"):
            asyncio.run(facts.account(ADA))
    assert one.state("facts:crm") == "open"
    with pytest.raises(FactsDown, match="fails too often") as held:
        asyncio.run(facts.account(ADA))
    assert isinstance(held.value.__cause__, BreakerOpen)
    assert len(source.asked) == 10


def test_a_source_that_lies_has_answered(tmp_path: Path) -> None:
    """One customer's row that does not fit must not take the facts of all others away."""

    def refuses() -> Found:
        raise FactsDown("crm, account: tier is none of ours")

    [one] = processes()
    facts = sources(Scripted(says={"account": refuses}), tmp_path, Doors(one.breakers))
    for _ in range(20):
        with pytest.raises(FactsDown, match="none of ours"):
            asyncio.run(facts.account(ADA))
    assert one.state("facts:crm") == "closed"
    assert one.breakers.standing("facts:crm").calls == 20


def test_a_key_that_is_refused_closes_and_the_ticket_goes_on(tmp_path: Path) -> None:
    """The alert names the variable; no run is parked for a fact."""
    [one] = processes()
    source = Scripted(raises=CredentialRefused("shop, account: 401", credential=SHOP))
    facts = sources(source, tmp_path, Doors(one.breakers), SERVICE)
    with pytest.raises(FactsDown) as refused:
        asyncio.run(facts.account(ADA))
    assert isinstance(refused.value.__cause__, Misconfigured)
    assert one.state(f"credential:{SHOP}") == "open"
    with pytest.raises(FactsDown):
        asyncio.run(facts.account(ADA))
    assert len(source.asked) == 1


def test_of_many_the_newest_are_told(tmp_path: Path) -> None:
    """As many as config says: the last three contacts, ten movements of money."""
    calls = [
        Interaction(id=str(n), at=_day(n), channel="chat", summary="", outcome="x")
        for n in range(1, 9)
    ]
    events = [
        BillingEvent(
            id=str(n), at=_day(n), kind="fee", amount=Decimal(1), currency="EUR", status="settled"
        )
        for n in range(1, 29)
    ]
    says: dict[FactKind, Callable[[], Found]] = {
        "account": holding(an_account()),
        "billing": holding(*events),
        "interactions": holding(*calls),
    }
    facts = sources(Scripted(says=says), tmp_path)
    assert [one.id for one in asyncio.run(facts.interactions(ADA)).fact] == ["8", "7", "6"]
    assert [one.id for one in asyncio.run(facts.billing(ADA)).fact] == [
        str(n) for n in range(28, 18, -1)
    ]


def _day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def test_how_old_a_fact_is_and_may_be_is_told_with_it(tmp_path: Path) -> None:
    """The first by its source, the second by config."""
    text = (TWO_TABLES + REST).replace("[account]\n", "[account]\ngood_for_seconds = 60\n")
    source = Scripted(says={"account": holding(an_account(), as_of=5.0)})
    facts = sources(source, tmp_path, connected=(text, DATABASE[1]))
    known = asyncio.run(facts.account(ADA))
    assert (known.as_of, known.good_for) == (5.0, 60.0)


def test_files_that_a_job_writes_are_as_old_as_they_are(tmp_path: Path) -> None:
    """Those that a person writes are of now."""
    for name, content in (
        ("accounts", '{"ada@example.com": {"customer_id": "C-1", "plan": "x", "tier": "plus"}}'),
        ("facts", "[sources.files]\nexports = true\n"),
    ):
        suffix = "toml" if name == "facts" else "json"
        (tmp_path / f"{name}.{suffix}").write_text(content)
    written = (tmp_path / "accounts.json").stat().st_mtime
    exported = files_alone(tmp_path, StillClock(), overlay=tmp_path)
    assert asyncio.run(exported.account(ADA)).as_of == pytest.approx(written)
    assert asyncio.run(files_alone(tmp_path, StillClock()).account(ADA)).as_of is None


def test_what_could_not_be_had_is_in_the_log_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By kind and source; nothing of the customer."""
    source = Scripted(raises=FactsDown("crm, account: OperationalError"))
    with pytest.raises(FactsDown):
        asyncio.run(sources(source, tmp_path).account(ADA))
    [record] = caplog.records
    assert (record.getMessage(), vars(record)["fields"]) == (
        "facts.unavailable",
        {"fact": "account", "source": "crm", "why": "crm, account: OperationalError"},
    )
