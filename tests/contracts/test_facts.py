"""What every source of customer facts keeps."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Account
from tasks.ticket import Requester
from tests.contracts.fact_offices import (
    ADA,
    BOB,
    CONTENT,
    FILES,
    NOBODY,
    Office,
    in_database,
    in_memory,
    in_service,
)
from tests.servers.foreign_database import ForeignDatabase
from tests.stubs.facts_service import facts_service
from tests.twins.clock import StillClock
from tests.twins.facts import files_alone

SOURCES = ["files", "memory", "sqlite", "postgres", "http"]


@pytest.fixture(params=SOURCES)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    match request.param:
        case "files":
            for kind, name in FILES.items():
                (tmp_path / name).write_text(json.dumps(CONTENT[kind]))
            facts = files_alone(tmp_path, StillClock())
            yield Office(facts=facts, break_down=lambda kind: (tmp_path / FILES[kind]).unlink())
        case "memory":
            memory = in_memory()
            yield Office(facts=memory, break_down=memory.down.add)
        case "http":
            with facts_service() as service:
                yield in_service(service, tmp_path)
        case _:
            on_file = request.param == "sqlite"
            url = (
                f"sqlite:///{tmp_path}/crm" if on_file else request.getfixturevalue("postgres_url")
            )
            database = ForeignDatabase(url)
            yield in_database(database, tmp_path)
            database.close()


def test_a_requester_is_known_by_address(office: Office) -> None:
    """The account is the one under the address."""
    account = office.ask("account", ADA)
    assert isinstance(account, Account)
    assert (account.customer_id, account.plan, account.tier) == ("C-1", "Metal", "plus")
    assert (account.since, account.renewal_at) == (date(2020, 5, 1), None)


def test_upper_and_lower_case_of_an_address_are_the_same(office: Office) -> None:
    """Mail programs write one address in many ways."""
    account = office.ask("account", Requester(email="Ada@Example.com"))
    assert isinstance(account, Account)


def test_what_has_an_order_comes_newest_first(office: Office) -> None:
    """By moments, not by how they are written."""
    assert office.ids("billing", ADA) == ["B-3", "B-2", "B-1"]
    assert office.ids("interactions", ADA) == ["A-2", "A-1"]


def test_money_is_what_it_was(office: Office) -> None:
    """In whatever unit, and with whatever sign, it is kept."""
    found = office.ask("billing", ADA)
    assert isinstance(found, tuple)
    assert {(one.amount, one.currency) for one in found} == {(Decimal("3.2"), "EUR")}
    assert found[0].at == datetime(2025, 12, 3, 9, tzinfo=UTC)


def test_incidents_are_those_of_everybody_and_of_this_customer(office: Office) -> None:
    """Newest first; another customer's are nobody's business."""
    assert office.ids("incidents", ADA) == ["I-4", "I-2", "I-1"]
    assert office.ids("incidents", BOB) == ["I-4", "I-3", "I-1"]


def test_a_customer_without_history_has_an_empty_one(office: Office) -> None:
    """Nothing is known, which is an answer."""
    assert office.ids("billing", BOB) == []
    assert office.ids("interactions", BOB) == []


def test_an_unknown_requester_is_no_error(office: Office) -> None:
    """No account, empty lists, and the incidents of everybody."""
    assert office.ask("account", NOBODY) is None
    assert office.ids("billing", NOBODY) == []
    assert office.ids("interactions", NOBODY) == []
    assert office.ids("incidents", NOBODY) == ["I-4", "I-1"]


@pytest.mark.parametrize("kind", ["billing", "incidents", "interactions"])
def test_a_kind_that_is_down_leaves_the_others(office: Office, kind: FactKind) -> None:
    """One source that is away is one gap."""
    office.break_down(kind)
    with pytest.raises(FactsDown):
        office.ask(kind, ADA)
    for other in FILES:
        if other != kind:
            assert office.ask(other, ADA)


AT_HAND = pytest.mark.parametrize("office", ["files", "memory"], indirect=True)


@AT_HAND
def test_what_routing_needs_is_at_hand(office: Office) -> None:
    """The same account and incidents, of whomever."""
    for requester in (ADA, BOB, NOBODY):
        known = office.facts.at_hand(requester)
        assert known == (
            office.ask("account", requester),
            office.ask("incidents", requester),
        )


@pytest.mark.parametrize("office", ["sqlite", "http"], indirect=True)
def test_what_would_have_to_be_asked_is_not_at_hand(office: Office) -> None:
    """Intake asks nobody: a thousand tickets would be a thousand questions before the first."""
    assert office.facts.at_hand(ADA) is None


@AT_HAND
@pytest.mark.parametrize("kind", ["account", "incidents"])
def test_what_is_down_is_not_at_hand(office: Office, kind: FactKind) -> None:
    """Nor is it an error: nobody was asked."""
    office.break_down(kind)
    assert office.facts.at_hand(ADA) is None


def test_accounts_can_be_down(office: Office) -> None:
    """Who a requester is cannot be said then; unknown would be a lie."""
    office.break_down("account")
    with pytest.raises(FactsDown):
        office.ask("account", NOBODY)
