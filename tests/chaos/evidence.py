"""Everything that there is to judge by, from three records that know nothing of each other."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from config.guards import Guards
from config.tiers import Tiers
from tasks.events import Event
from tasks.ports.ledger import Filter, Intent
from tasks.run import Run
from tests.chaos.calls import Call, Request, called, request_of
from tests.chaos.weather import Weather
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.helpdesks.shown import ShownTicket
from worker.ledgers.accounting import Total
from worker.ledgers.noticing import Notice
from worker.ledgers.sql import SqlLedger

HOUR = 3_600.0
Found = Iterator[str]


@dataclass(kw_only=True)
class Records:
    """The ledger, the helpdesk's history, the providers' log; and what the nemesis has done."""

    seed: int
    brought: int  # tickets, malformed ones too
    ledger: SqlLedger
    logs: Path
    guards: Guards = field(default_factory=Guards)
    tiers: Tiers | None = None  # whose prices; without them no bill is made
    weather: Weather = field(default_factory=Weather)
    runs: list[Run] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    intents: dict[str, list[Intent]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, ShownTicket] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)  # by when they came
    notices: list[Notice] = field(default_factory=list)
    accounts: Mapping[str, Total] = field(default_factory=dict)  # by day and tier, at rest

    def read(self, helpdesk: EmbeddedHelpdesk, asked: Path) -> "Records":
        """Reads ledger, helpdesk, and the providers' log."""
        self.runs = list(self.ledger.runs(Filter()))
        for event in self.ledger.all_events():
            self.events[event.run].append(event)
        for run in self.runs:
            if run.stage != "intake":
                self.intents[run.id] = list(self.ledger.writes(run.id))
        for name in {run.external_id for run in self.runs}:
            if shown := helpdesk.show(name):
                self.shown[name] = shown
        with asked.open(encoding="utf-8") as log:
            found = [request_of(json.loads(line)) for line in log]
        self.requests = sorted((one for one in found if one.ticket), key=lambda one: one.at)
        self.notices = list(self.ledger.notices())
        self.accounts = {name: kept for name, (kept, _) in self.ledger.counted_twice().items()}
        return self

    @cached_property
    def tickets(self) -> dict[str, list[Run]]:
        """Every ticket's runs, the oldest revision first; malformed ones are none."""
        found: dict[str, list[Run]] = defaultdict(list)
        for run in sorted(self.runs, key=lambda run: run.revision):
            if run.stage != "intake":
                found[run.external_id].append(run)
        return found

    @cached_property
    def calls(self) -> list[Call]:
        """Every call that the ledger has, with its request where one came to a provider."""
        return [call for runs in self.tickets.values() for call in self._called(runs)]

    @cached_property
    def unknown(self) -> list[Request]:
        """Requests of which the ledger has no call."""
        known = {call.request for call in self.calls}
        return [request for request in self.requests if request not in known]

    @cached_property
    def by_ticket(self) -> Mapping[str, list[Request]]:
        """Requests about each ticket."""
        found: dict[str, list[Request]] = defaultdict(list)
        for request in self.requests:
            found[request.ticket].append(request)
        return found

    @property
    def played(self) -> Counter[str]:
        """How often providers did what."""
        return Counter(request.fault for request in self.requests)

    def true(self, at: float) -> float:
        """That moment by a clock that is right: some workers' was an hour wrong for a while."""
        return at - HOUR * round((at - self._middle) / HOUR)

    @cached_property
    def _middle(self) -> float:
        """Of the storm, which is shorter than an hour."""
        times = [request.at for request in self.requests]
        return (min(times) + max(times)) / 2 if times else 0.0

    def _called(self, runs: list[Run]) -> Iterator[Call]:
        events = [self.events[run.id] for run in runs]
        return called(events, self.by_ticket.get(runs[0].external_id, []), self.true)
