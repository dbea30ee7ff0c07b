"""What every source of customer facts keeps."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tasks.errors import FactsDown
from tasks.facts import Account, BillingEvent, FactKind, Incident, Interaction
from tasks.ports.facts import CustomerFacts
from tasks.ticket import Requester
from tests.twins.clock import StillClock
from worker.facts.json_files import JsonFacts
from worker.facts.memory import MemoryFacts

ADA = Requester(email="ada@example.com", name="Ada")
BOB = Requester(email="bob@example.com")
NOBODY = Requester(email="nobody@example.com")

FILES: Mapping[FactKind, str] = {
    "account": "accounts.json",
    "billing": "billing_events.json",
    "incidents": "incidents.json",
    "interactions": "interactions.json",
}


def _billing(name: str, at: str) -> dict[str, str]:
    return {
        "id": name,
        "at": at,
        "kind": "card_payment",
        "amount": "3.20",
        "currency": "EUR",
        "status": "settled",
    }


def _incident(name: str, opened_at: str, customers: list[str] | None) -> dict[str, object]:
    return {
        "id": name,
        "title": "Transfers are slow",
        "issue_types": ["transfer"],
        "opened_at": opened_at,
        "closed_at": None,
        "customers": customers,
    }


def _interaction(name: str, at: str) -> dict[str, str]:
    return {"id": name, "at": at, "channel": "chat", "summary": "Asked", "outcome": "solved"}


CONTENT: dict[FactKind, Any] = {
    "account": {
        "ada@example.com": {
            "customer_id": "C-1",
            "plan": "Metal",
            "tier": "plus",
            "since": "2020-05-01",
            "renewal_at": None,
        },
        "bob@example.com": {"customer_id": "C-2", "plan": "Free", "tier": "basic"},
    },
    "billing": {
        "C-1": [
            _billing("B-1", "2025-12-01T09:00:00Z"),
            _billing("B-3", "2025-12-03T09:00:00Z"),
            _billing("B-2", "2025-12-02T11:00:00+02:00"),
        ]
    },
    "incidents": [
        _incident("I-1", "2025-12-01T09:00:00Z", None),
        _incident("I-2", "2025-12-02T09:00:00Z", ["C-1"]),
        _incident("I-3", "2025-12-03T09:00:00Z", ["C-2"]),
        _incident("I-4", "2025-12-04T09:00:00Z", None),
    ],
    "interactions": {
        "C-1": [
            _interaction("A-1", "2025-11-01T09:00:00Z"),
            _interaction("A-2", "2025-11-02T09:00:00Z"),
        ]
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """A source of facts, and where it can be broken."""

    facts: CustomerFacts
    folder: Path

    def break_down(self, kind: FactKind) -> None:
        """That kind answers no more."""
        if isinstance(self.facts, MemoryFacts):
            self.facts.down.add(kind)
        else:
            (self.folder / FILES[kind]).unlink()

    def ask(self, kind: FactKind, requester: Requester) -> object:
        """What the source says."""

        async def asked() -> object:
            answer: object = await getattr(self.facts, kind)(requester)
            return answer

        return asyncio.run(asked())

    def ids(self, kind: FactKind, requester: Requester) -> list[str]:
        """The ids in its answer."""
        answer = self.ask(kind, requester)
        assert isinstance(answer, tuple)
        return [fact.id for fact in answer]


@pytest.fixture(params=["files", "memory"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    if request.param == "memory":
        return Office(facts=_in_memory(), folder=tmp_path)
    for kind, name in FILES.items():
        (tmp_path / name).write_text(json.dumps(CONTENT[kind]))
    return Office(facts=JsonFacts(tmp_path, StillClock()), folder=tmp_path)


def _in_memory() -> MemoryFacts:
    billing = TypeAdapter(dict[str, list[BillingEvent]])
    interactions = TypeAdapter(dict[str, list[Interaction]])
    return MemoryFacts(
        accounts=TypeAdapter(dict[str, Account]).validate_python(CONTENT["account"]),
        billing=billing.validate_python(CONTENT["billing"]),
        incidents=TypeAdapter(list[Incident]).validate_python(CONTENT["incidents"]),
        interactions=interactions.validate_python(CONTENT["interactions"]),
    )


def test_a_requester_is_known_by_address(office: Office) -> None:
    """The account is the one under the address."""
    account = office.ask("account", ADA)
    assert isinstance(account, Account)
    assert (account.customer_id, account.tier) == ("C-1", "plus")


def test_upper_and_lower_case_of_an_address_are_the_same(office: Office) -> None:
    """Mail programs write one address in many ways."""
    account = office.ask("account", Requester(email="Ada@Example.com"))
    assert isinstance(account, Account)


def test_what_has_an_order_comes_newest_first(office: Office) -> None:
    """By moments, not by how they are written."""
    assert office.ids("billing", ADA) == ["B-3", "B-2", "B-1"]
    assert office.ids("interactions", ADA) == ["A-2", "A-1"]


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


def test_what_routing_needs_is_at_hand(office: Office) -> None:
    """The same account and incidents, of whomever."""
    for requester in (ADA, BOB, NOBODY):
        known = office.facts.at_hand(requester)
        assert known == (
            office.ask("account", requester),
            office.ask("incidents", requester),
        )


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
