"""Golden tickets: what a person said is right, run through the pipeline.

Ours with the local model; those that `triage ticket golden` has made with it too, where it decided
them. What a hosted model decided is run with a model that says what people say: what it would say
itself nobody can ask in a test, but that routing, policy and taxonomy make of it what is expected.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config.load import Config
from config.serving import LOCAL
from tasks.case import Enriched, Received, Validated, Written
from tasks.desk import Desk
from tasks.detour import NeedsHuman
from tasks.facts import Account, Incident
from tasks.intake import Malformed, parse_ticket
from tasks.pipeline import step
from tasks.ports.model import Models
from tasks.run import RunId
from tasks.ticket import Ticket
from tests.twins.desk import Office
from tests.twins.models import ScriptedModels, a_verdict
from worker.facts.memory import MemoryFacts

FOLDER = Path(__file__).parents[2] / "fixtures" / "golden"
TICKETS = FOLDER / "tickets.jsonl"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """One ticket with its customer's facts, and where it must end."""

    name: str
    ticket: Ticket
    account: Account | None
    incidents: tuple[Incident, ...]
    expected: Mapping[str, Any]
    model: str = LOCAL


def golden_tickets() -> list[Golden]:
    """Ours, all of them."""
    return [_golden(json.loads(line)) for line in TICKETS.read_text().splitlines()]


def made_cases(folder: Path) -> list[Golden]:
    """Those that were made of an operator's own tickets, in that folder."""
    return [_golden(json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]


def _golden(found: Mapping[str, Any]) -> Golden:
    ticket = parse_ticket(json.dumps(found["ticket"]).encode(), body_bytes=65_536)
    assert not isinstance(ticket, Malformed), ticket
    account = found["facts"]["account"]
    return Golden(
        name=found["name"],
        ticket=ticket,
        account=Account.model_validate(account) if account else None,
        incidents=tuple(Incident.model_validate(one) for one in found["facts"]["incidents"]),
        expected=found["expected"],
        model=found.get("model", LOCAL) or "",
    )


def saying(golden: Golden) -> Models:
    """A model that gives the answer which people expect."""
    expected = {name: golden.expected[name] for name in ("issue_type", "priority")}
    return ScriptedModels.saying(*[a_verdict(**expected)] * 4)


def carry(golden: Golden, models: Models, config: Config) -> dict[str, object]:
    """Where the ticket ends: tier and values as written, or why a person must decide."""
    email = golden.ticket.requester.email
    facts = MemoryFacts(
        accounts={email: golden.account} if golden.account else {}, incidents=golden.incidents
    )
    office = Office(
        ticket=golden.ticket, facts=facts, tiers=config.tiers, models=models, policy=config.policy
    )
    desk = replace(office.desk, taxonomy=config.taxonomy, prompt=config.classify)
    return asyncio.run(_carry(golden.ticket, desk))


async def _carry(ticket: Ticket, desk: Desk) -> dict[str, object]:
    case: Any = Received(run=RunId("golden"), tier="economy", ticket=ticket)
    tier = ""
    while not isinstance(case, Written | NeedsHuman):
        case = await step(case, desk)
        tier = case.tier if isinstance(case, Enriched) else tier
    if isinstance(case, NeedsHuman):
        return {"tier": tier, "review": str(case.reason)}
    decided: Validated = case.validated
    escalation = decided.decision.escalation
    return {
        "tier": tier,
        "issue_type": decided.decision.issue_type,
        "priority": decided.decision.priority,
        "queue": decided.decision.queue,
        "escalated": escalation.criterion if escalation else None,
    }
