"""Customer facts, and sources in memory that hold them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from config.environment import Environment
from config.facts import FactKind
from config.load import Config, load
from config.tiers import CustomerTier
from tasks.facts import Account, Facts, Incident
from tasks.ports.clock import Clock
from tasks.ports.guards import Guards
from tasks.ticket import Requester
from tests.twins.clock import NOON, StillClock
from worker.facts.memory import MemoryFacts
from worker.facts.opening import open_sources
from worker.facts.sources import FactSources
from worker.guards.open_door import OpenDoor

ADA = Requester(email="ada@example.com", name="Ada")
"""Who wrote the tickets of these tests."""


def an_account(tier: CustomerTier = "basic", *, renewal_at: date | None = None) -> Account:
    """An account of that customer tier."""
    return Account(customer_id="C-1", plan=tier, tier=tier, renewal_at=renewal_at)


def an_incident(*issue_types: str, opened_at: datetime | None = None) -> Incident:
    """An incident of that name, open since 2025 unless said otherwise."""
    return Incident(
        id="I-1",
        title="Card payments are slow",
        issue_types=issue_types,
        opened_at=opened_at or datetime(2025, 12, 31, tzinfo=UTC),
    )


def known(
    account: Account | None = None,
    *incidents: Incident,
    unavailable: dict[FactKind, str] | None = None,
) -> Facts:
    """Facts as `enrich` would have found them."""
    return Facts(
        fetched_at=NOON, account=account, incidents=incidents, unavailable=unavailable or {}
    )


def sources(*incidents: Incident, account: Account | None = None) -> MemoryFacts:
    """Sources that know Ada, if she has an account, and these incidents."""
    accounts = {ADA.email: account} if account else {}
    return MemoryFacts(accounts=accounts, incidents=incidents)


def files_alone(folder: Path, clock: Clock, overlay: Path | None = None) -> FactSources:
    """Facts as we ship them: all from four files in a folder. `overlay`: what lies over ours."""
    config = load(Environment(config=overlay, credentials={})).facts
    return open_sources(config, folder=folder, credentials={}, clock=clock, guards=OpenDoor())


def configured(folder: Path, text: str, variables: Mapping[str, str]) -> Config:
    """The configuration with this facts.toml over ours, and those variables."""
    (folder / "facts.toml").write_text(text)
    return load(Environment.read({"TRIAGE_CONFIG": str(folder), **variables}))


def foreign(
    folder: Path,
    text: str,
    variables: Mapping[str, str],
    *,
    guards: Guards | None = None,
    clock: Clock | None = None,
) -> FactSources:
    """Sources of somebody else's, connected by this facts.toml alone."""
    return open_sources(
        configured(folder, text, variables).facts,
        folder=folder,
        credentials=variables,
        clock=clock or StillClock(),
        guards=guards or OpenDoor(),
    )
