"""A whole fleet in one thread: the real ledger, carrier and reaper; a clock that is moved by hand.

Broker, helpdesk and provider are in memory. Workers come and go: one dies when it passes a waypoint
at which it was told to.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from tasks.desk import Desk, Journal
from tasks.errors import ProviderDown
from tasks.ports.helpdesk import Capabilities
from tasks.ports.inbox import Message, Page
from tasks.ports.ledger import Change, Claim, Claimed, Filter, WorkerRow
from tasks.ports.model import Question, Reply
from tasks.run import Incarnation, Run, State
from tasks.ticket import ExternalId, Ticket
from tasks.waypoints import Waypoint, listen, passing
from tests.simulation.broker import MemoryBroker, MemoryHints
from tests.twins.clock import StillClock
from tests.twins.desk import shipped
from tests.twins.facts import sources
from tests.twins.helpdesk import WatchedHelpdesk
from tests.twins.models import a_reply, an_escalation
from tests.twins.ticket import a_ticket
from worker.carrying.carrier import Bench, Carrier
from worker.carrying.group_writer import GroupWriter
from worker.crew import FRESH
from worker.helpdesks.fenced import fenced
from worker.intake import Intake
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log
from worker.upkeep.incarnation import Heart
from worker.upkeep.observer import Observer
from worker.upkeep.reaper import Reaper
from worker.upkeep.sweeper import Sweeper

STOLEN = "My card was stolen last night, in the city."
VERDICT = an_escalation(
    "theft",
    "My card was stolen last night",
    issue_type="security",
    priority=1,
    draft="Thank you for writing.",
)
"""What the provider says: it leads to four fields and two notes."""


class Crashed(BaseException):
    """The process is no more; nothing of it runs on."""


@dataclass(slots=True)
class Provider:
    """Answers every question alike; what it was asked, by ticket. Fails as often as it is told."""

    asked: Counter[str] = field(default_factory=Counter)
    fails: Counter[str] = field(default_factory=Counter)

    async def ask(self, question: Question) -> Reply:
        """One answer."""
        about = question.plain.text
        self.asked[about] += 1
        if self.fails[about]:
            self.fails[about] -= 1
            raise ProviderDown("503")
        return replace(a_reply(VERDICT), model_asked=question.model)


class InlineWriter:
    """What a carrier asks of the group writer, done at once and in this thread."""

    def __init__(self, ledger: SqlLedger, clock: StillClock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def claim(self, claim: Claim) -> Claimed | None:
        """As the port has it."""
        passing(Waypoint.COMMITTING)
        found = self._ledger.claim([claim], self._clock.now())[0]
        passing(Waypoint.COMMITTED)
        return found

    async def commit(self, change: Change) -> bool:
        """As the port has it."""
        return await self.hand_in(change)

    def hand_in(self, change: Change) -> "asyncio.Future[bool]":
        """As the port has it."""
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        passing(Waypoint.COMMITTING)
        told.set_result(self._ledger.commit([change])[0])
        passing(Waypoint.COMMITTED)
        return told


@dataclass(kw_only=True, slots=True)
class Worker:
    """One process, dead or alive."""

    heart: Heart
    carrier: Carrier
    reaper: Reaper
    lives: bool = True


@dataclass(slots=True)
class Doom:
    """Where a worker dies: at this waypoint, when somebody passes it for the n-th time."""

    waypoint: Waypoint
    times: int = 1


class World:
    """Everything there is. `capabilities` are the helpdesk's."""

    def __init__(self, ledger: Path, folder: Path, capabilities: Capabilities) -> None:
        self.clock = StillClock()
        self.ledger = SqlLedger(connect(f"sqlite:///{ledger}"))
        self.broker = MemoryBroker()
        self.helpdesk = WatchedHelpdesk(capabilities=capabilities)
        self.provider = Provider()
        self.vault = Vault(b"s" * 32, keep_days=90)
        self.dooms: list[Doom] = []
        self.passed: Counter[Waypoint] = Counter()
        self.workers: list[Worker] = []
        self.brought: list[bytes] = []
        self._folder = folder
        listen(self._passing)

    def close(self) -> None:
        """The end of the world."""
        listen(None)
        for worker in self.workers:
            worker.heart.let_go()
        self.ledger.close()

    def _passing(self, waypoint: Waypoint) -> None:
        self.passed[waypoint] += 1
        for doom in self.dooms:
            if doom.waypoint is waypoint:
                doom.times -= 1
                if doom.times == 0:
                    self.dooms.remove(doom)
                    raise Crashed(waypoint)

    def hire(self) -> Worker:
        """One more worker, which lives from now on."""
        row = WorkerRow(
            incarnation=Incarnation(f"w-{len(self.workers)}"),
            host="here",
            pid=0,
            version="1",
            tiers=("economy", "standard", "premium"),
            beat=0,
            started_at=self.clock.now(),
            beat_at=self.clock.now(),
        )
        log = Log("simulation")
        heart = Heart(
            row,
            locks=self._folder / "locks",
            ledger=self.ledger,
            clock=self.clock,
            every=1.0,
            log=log,
        )
        heart.begin()
        limits = shipped().settings.reaper
        reaper = Reaper(
            heart,
            Observer(self._folder / "nowhere", self.clock, lapse=6.0),
            Sweeper(self.ledger, self.helpdesk, self.vault, self.clock),
            broker=cast("Any", self.broker),
            vault=self.vault,
            limits=limits,
        )
        worker = Worker(heart=heart, carrier=Carrier(self._bench(heart, log)), reaper=reaper)
        self.workers.append(worker)
        return worker

    def _bench(self, heart: Heart, log: Log) -> Bench:
        ours = shipped()
        desk = partial(
            Desk,
            taxonomy=ours.taxonomy,
            tiers=ours.tiers,
            policy=ours.policy,
            prompt=ours.classify,
            clock=self.clock,
            facts=sources(),
            models=self.provider,
            helpdesk=self.helpdesk,
        )
        return Bench(
            config=ours,
            clock=self.clock,
            desk=fenced(lambda journal: _with(desk, journal), lambda: heart.is_fresh(6.0 * FRESH)),
            ledger=self.ledger,
            writer=cast("GroupWriter", InlineWriter(self.ledger, self.clock)),
            vault=self.vault,
            hints=MemoryHints(self.broker),
            incarnation=lambda: heart.incarnation,
            serves=frozenset(("economy", "standard", "premium")),
            chance=lambda: 0.5,
            report=lambda *_: None,
            log=log,
        )

    def intake(self) -> Intake:
        """What brings tickets in."""
        return Intake(
            ledger=self.ledger,
            vault=self.vault,
            broker=cast("Any", self.broker),
            clock=self.clock,
            facts=sources(),
            config=shipped(),
            deliver=self.helpdesk.deliver_many,
            log=Log("simulation"),
        )

    def bring(self, *tickets: Ticket) -> None:
        """A source brings them; whoever takes them in may die of it, and another one comes."""
        self.brought += [ticket.model_dump_json().encode() for ticket in tickets]
        for _ in range(9):
            try:
                self.intake().poll(self)
            except Crashed:
                continue
            return

    @property
    def name(self) -> str:
        """As a source."""
        return "file:world"

    def read(self, position: str | None, *, limit: int) -> Page:
        """As a source: whatever was brought since."""
        begin = int(position or 0)
        some = self.brought[begin : begin + limit]
        messages = tuple(Message(source=self.name, raw=raw) for raw in some)
        end = begin + len(some)
        return Page(messages=messages, position=str(end), more=end < len(self.brought))

    # What happens

    def alive(self) -> list[Worker]:
        """Workers that live."""
        return [worker for worker in self.workers if worker.lives]

    def does(self, worker: Worker, deed: Callable[[], object]) -> None:
        """The worker does that, and may die of it."""
        try:
            deed()
        except Crashed:
            worker.lives = False

    def deliver(self, *, times: int = 1) -> bool:
        """The next message reaches a worker, or so many; whether there was one."""
        hint = self.broker.take()
        if hint is None:
            return False
        for _ in range(times):
            worker = (self.alive() or [self.hire()])[0]
            self.does(worker, lambda w=worker: asyncio.run(w.carrier.carry(hint.run, hint.send_n)))  # type: ignore[misc]
        return True

    def tick(self, seconds: float = 1.0) -> None:
        """Time passes: everybody who lives beats and sweeps, and late requests take effect."""
        self.clock.at += seconds
        if self.helpdesk.capabilities.settle_seconds <= seconds:
            self.helpdesk.settle()
        for worker in self.alive() or [self.hire()]:
            worker.heart.beat()
            self.does(worker, worker.reaper.sweep)

    def heal(self, seconds: int = 400) -> None:
        """No more faults; time passes, second by second, until nothing is left to be done."""
        self.dooms.clear()
        self.broker.is_away = False
        for second in range(seconds):
            if second % 5 == 0:
                self.helpdesk.settle()
            self.tick()
            while self.deliver():
                pass
            if self.is_settled():
                return
        left = [run for run in self.runs() if run.state in UNSETTLED]
        message = f"not settled after {seconds} s: {left}"
        raise AssertionError(message)

    def is_settled(self) -> bool:
        """Whether nothing is left to be done by itself."""
        return not any(run.state in UNSETTLED for run in self.runs())

    def runs(self) -> list[Run]:
        """Every run."""
        return list(self.ledger.runs(Filter()))


UNSETTLED = (State.QUEUED, State.RUNNING, State.WAITING)


def _with(desk: Callable[..., Desk], journal: Journal) -> Desk:
    return desk(journal=journal)


def a_theft(name: str = "T-1", *more: str) -> Ticket:
    """A ticket that calls a person; `more` is what its customer said later."""
    ticket = a_ticket(" ".join((STOLEN, f"This is {name}.", *more)))
    return ticket.model_copy(update={"id": ExternalId(name)})
