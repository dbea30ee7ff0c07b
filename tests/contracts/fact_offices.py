"""The same customers in every source of facts: in ours, in a database, in a service."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from config.facts import FactKind
from tasks.facts import Account, BillingEvent, Incident, Interaction, Known
from tasks.ports.facts import CustomerFacts
from tasks.ticket import Requester
from tests.servers.foreign_database import REST as DATABASE_REST
from tests.servers.foreign_database import TWO_TABLES, ForeignDatabase
from tests.servers.foreign_database import VARIABLE as DATABASE
from tests.stubs.facts_service import ACCOUNT, SECRET, FactsService
from tests.stubs.facts_service import REST as SERVICE_REST
from tests.stubs.facts_service import VARIABLE as SHOP
from tests.twins.facts import foreign
from worker.facts.memory import MemoryFacts
from worker.facts.sources import FactSources
from worker.simulator.answer import Answer

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
    """A source of facts, and how a kind of them is broken."""

    facts: CustomerFacts
    break_down: Callable[[FactKind], None]

    def ask(self, kind: FactKind, requester: Requester) -> object:
        """What the source says."""

        async def asked() -> object:
            try:
                known: Known[object] = await getattr(self.facts, kind)(requester)
            finally:
                if isinstance(self.facts, FactSources):
                    await self.facts.aclose()
            return known.fact

        return asyncio.run(asked())

    def ids(self, kind: FactKind, requester: Requester) -> list[str]:
        """The ids in its answer."""
        answer = self.ask(kind, requester)
        assert isinstance(answer, tuple)
        return [fact.id for fact in answer]


def in_memory() -> MemoryFacts:
    billing = TypeAdapter(dict[str, list[BillingEvent]])
    interactions = TypeAdapter(dict[str, list[Interaction]])
    return MemoryFacts(
        accounts=TypeAdapter(dict[str, Account]).validate_python(CONTENT["account"]),
        billing=billing.validate_python(CONTENT["billing"]),
        incidents=TypeAdapter(list[Incident]).validate_python(CONTENT["incidents"]),
        interactions=interactions.validate_python(CONTENT["interactions"]),
    )


LEVELS = {"plus": ("silver", 2), "basic": ("free", 1)}
"""Our customer tiers as the database has them, and as the service does."""


def _moment(said: str) -> datetime:
    """As a database keeps it: in UTC, without a zone."""
    return datetime.fromisoformat(said).astimezone(UTC).replace(tzinfo=None)


def in_database(database: ForeignDatabase, folder: Path) -> Office:
    for mail, account in CONTENT["account"].items():
        database.put(
            "customers",
            cust_no=account["customer_id"],
            mail=mail.capitalize(),
            product=account["plan"],
            segment=LEVELS[account["tier"]][0],
            signed_up=account.get("since"),
        )
    for cust_no, events in CONTENT["billing"].items():
        for event in events:
            database.put(
                "payments",
                ref=event["id"],
                cust_no=cust_no,
                booked=_moment(event["at"]),
                what=event["kind"],
                cents=-int(Decimal(event["amount"]) * 100),
                state=event["status"],
            )
    for incident in CONTENT["incidents"]:
        database.put(
            "outages",
            ref=incident["id"],
            headline=incident["title"],
            parts="tills,transfer",
            began=_moment(incident["opened_at"]),
            hits=",".join(incident["customers"]) if incident["customers"] else None,
        )
    for call in CONTENT["interactions"]["C-1"]:
        database.put(
            "calls",
            ref=call["id"],
            mail="ada@example.com",
            began=_moment(call["at"]),
            medium=call["channel"],
            gist=call["summary"],
            result=call["outcome"],
        )
    tables = {"account": "customers", "billing": "payments", "incidents": "outages"}

    def break_down(kind: FactKind) -> None:
        database.do(f"DROP TABLE {tables.get(kind, 'calls')}")

    facts = foreign(folder, TWO_TABLES + DATABASE_REST, {DATABASE: database.url})
    return Office(facts=facts, break_down=break_down)


def in_service(service: FactsService, folder: Path) -> Office:
    for mail, account in CONTENT["account"].items():
        since = account.get("since")
        service.people[mail] = {
            "no": account["customer_id"],
            "contact": {"mail": mail.capitalize()},
            "contract": {
                "name": account["plan"],
                "level": LEVELS[account["tier"]][1],
                "from": f"{date.fromisoformat(since):%d.%m.%Y}" if since else None,
            },
        }
    for customer, events in CONTENT["billing"].items():
        service.bookings[customer] = [
            {
                "no": event["id"],
                "when": int(datetime.fromisoformat(event["at"]).timestamp() * 1000),
                "what": event["kind"],
                "sum": {"amount": float(event["amount"]), "currency": event["currency"]},
            }
            for event in events
        ]
    service.outages = [
        {
            "no": incident["id"],
            "text": incident["title"],
            "parts": ["tills", "transfer"],
            "began": incident["opened_at"],
            "people": incident["customers"],
        }
        for incident in CONTENT["incidents"]
    ]
    service.calls["ada@example.com"] = [
        {"no": call["id"], "began": call["at"], "by": call["channel"], "gist": call["summary"]}
        for call in CONTENT["interactions"]["C-1"]
    ]
    paths = {"account": "people", "billing": "bookings", "incidents": "outages"}

    def break_down(kind: FactKind) -> None:
        service.faults[paths.get(kind, "calls")] = Answer(status=503)

    facts = foreign(folder, (ACCOUNT + SERVICE_REST).replace("PORT", service.port), {SHOP: SECRET})
    return Office(facts=facts, break_down=break_down)
