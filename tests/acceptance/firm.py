"""Somebody else's database and service, a fleet beside them, and what became of its tickets."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tasks.events import Kind
from tests.acceptance.fleet import UNSETTLED, Place, a_line, a_place
from tests.acceptance.hosted import ALERTS, GUARDS, SETTINGS, Provider, environment, fails, says
from tests.acceptance.patience import until
from tests.servers.foreign_database import TWO_TABLES, ForeignDatabase
from tests.servers.foreign_database import VARIABLE as DATABASE
from tests.stubs.facts_service import ACCOUNT, REST, SECRET, FactsService, facts_service
from tests.stubs.facts_service import VARIABLE as SHOP
from tests.stubs.openai_server import openai_server
from worker.simulator.answer import Answer

NOW = datetime(2026, 11, 16, 9)  # noqa: DTZ001 - as databases keep it
SERVICE = ACCOUNT[: ACCOUNT.index("[account]")] + REST
FACTS = (
    (TWO_TABLES + SERVICE)
    .replace("signed_up, renews\n", "signed_up, renews, seen\n")
    .replace("[account]\n", '[account]\nas_of = "seen"\ngood_for_seconds = 3600\n')
    .replace("[interactions]\n", "[interactions]\ngood_for_seconds = 1\n")
)
"""Accounts and payments from the database, outages and calls from the service."""

CUSTOMERS = ("gold", "silver", "free")


class Obedient(Provider):
    """Says the priority that it was told is expected, and `aside` more."""

    aside = 0

    def __init__(self, usual: Answer) -> None:
        super().__init__(usual)
        self.meanwhile: list[Callable[[], None]] = []
        """Each is done once, while a ticket is told to wait for two seconds."""

    def next_answer(self) -> Answer:
        if self.meanwhile:
            self.meanwhile.pop()()
            return fails(429, retry_after="2")
        rules = self.requests[-1].json()["messages"][0]["content"]
        [expected] = re.findall(r"^- exchange: (\d) ", rules, re.MULTILINE)
        return says(priority=int(expected) + self.aside)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A ticket that was triaged: its facts, what the model was told of them, what was missing."""

    state: str
    reason: str | None
    facts: dict[str, Any]
    told: dict[str, Any]
    gaps: dict[str, str]
    enriched: int  # how often its facts were fetched
    rules: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Firm:
    """Somebody else's systems, and a fleet beside them."""

    database: ForeignDatabase
    service: FactsService
    provider: Obedient
    place: Place
    numbers: Iterator[int] = field(default_factory=count)

    def triaged(self, *customers: str) -> list[Seen]:
        """A ticket of each, by the fleet that runs, when it is settled."""
        number = next(self.numbers)
        names = {customer: f"T-{number}-{customer}" for customer in customers}
        self.place.take_in(*(a_question(name, customer) for customer, name in names.items()))
        until(lambda: all(self.place.run(one).state not in UNSETTLED for one in names.values()))
        return [self.seen(name) for name in names.values()]

    def seen(self, ticket: str) -> Seen:
        """What became of it, and by what it was decided."""
        page = self.place.ask("ticket", "show", ticket, "--json").json()
        bodies = [one["body"] for one in page["events"] if one["kind"] == Kind.ENRICHED]
        body = bodies[-1]
        facts = max((name for name in page["texts"] if name.startswith("facts.")), key=_number)
        assert sorted(body["why_unavailable"]) == body["unavailable"]
        asked = self.provider.asked(f"Which rate? {ticket}.")[-1]
        said = asked.json()["messages"][-1]["content"]
        data = json.loads(said.partition("\n")[2].rpartition("\n")[0])
        return Seen(
            state=page["state"],
            reason=page["reason"],
            facts=json.loads(page["texts"][facts]),
            told=data["customer"],
            gaps=body["why_unavailable"],
            enriched=len(bodies),
            rules={one["field"]: one["rule"] for one in page["decisions"]},
        )


def _number(name: str) -> int:
    return int(name.partition(".")[2])


def a_question(ticket: str, customer: str) -> str:
    return a_line(ticket, f"Which rate? {ticket}.", customer=customer)


@contextmanager
def a_firm(folder: Path) -> Iterator[Firm]:
    provider = Obedient(says())
    database = ForeignDatabase(f"sqlite:///{folder}/crm")
    with openai_server(stub=provider), facts_service() as service:
        place = a_place(
            folder,
            {**environment(provider), DATABASE: database.url, SHOP: SECRET},
            settings=SETTINGS,
            alerts=ALERTS,
            guards=GUARDS,
            facts_toml=FACTS.replace("PORT", service.port),
        )
        for number, segment in enumerate(CUSTOMERS):
            _settle(database, service, segment, f"C-{number}")
        yield Firm(database=database, service=service, provider=provider, place=place)
        place.clear()
    database.close()


def _settle(database: ForeignDatabase, service: FactsService, segment: str, cust_no: str) -> None:
    mail = f"{segment}@example.com"
    database.put(
        "customers",
        cust_no=cust_no,
        mail=mail.capitalize(),
        product="Metal",
        segment=segment,
        seen=datetime.now(UTC).replace(tzinfo=None),
    )
    for day in range(20):
        database.put(
            "payments",
            ref=f"P-{cust_no}-{day}",
            cust_no=cust_no,
            booked=NOW - timedelta(days=day),
            what="bounced",
            cents=-1_999,
            state="open",
        )
    service.calls[mail] = [
        {"no": f"K-{n}", "began": f"2026-11-0{n}T10:00:00Z", "by": "phone", "gist": f"Call {n}"}
        for n in range(1, 6)
    ]
