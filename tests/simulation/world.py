"""A whole fleet in one thread: the real ledger, carrier and reaper; a clock that is moved by hand.

Broker, helpdesk and provider are in memory. Workers come and go: one dies when it passes a waypoint
at which it was told to.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from tasks.desk import Desk
from tasks.ports.helpdesk import Capabilities
from tasks.ports.inbox import Message, Page
from tasks.ports.ledger import Filter
from tasks.run import Run, State
from tasks.ticket import Ticket
from tasks.waypoints import Waypoint, listen
from tests.simulation.broker import MemoryBroker, MemoryHints
from tests.simulation.parts import (
    Crashed,
    Doom,
    Ice,
    InlineWriter,
    Provider,
    Worker,
    a_row,
    a_sweeper,
    duties,
)
from tests.twins.clock import StillClock
from tests.twins.desk import shipped
from tests.twins.facts import sources
from tests.twins.helpdesk import WatchedHelpdesk
from worker.broker.wire import Hint
from worker.carrying.bench import Bench
from worker.carrying.carrier import Carrier
from worker.carrying.gate import Gate
from worker.carrying.group_writer import GroupWriter
from worker.crew import FRESH
from worker.guards.open_door import OpenDoor
from worker.helpdesks.fenced import FencedHelpdesk, fenced
from worker.intake import Intake
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log
from worker.upkeep.incarnation import Heart
from worker.upkeep.observer import Observer
from worker.upkeep.reaper import Reaper


class World:
    """Everything there is. `capabilities` are the helpdesk's."""

    def __init__(self, ledger: Engine, folder: Path, capabilities: Capabilities) -> None:
        self.clock = StillClock()
        self.ledger = SqlLedger(ledger)
        self.broker = MemoryBroker()
        self.helpdesk = WatchedHelpdesk(capabilities=capabilities)
        self.provider = Provider()
        self.vault = Vault(b"s" * 32, keep_days=90)
        self.dooms: list[Doom] = []
        self.passed: Counter[Waypoint] = Counter()
        self.workers: list[Worker] = []
        self.gate = Gate(self.ledger, self.clock)
        self._ice = Ice()
        self._thawing = False
        self.brought: list[bytes] = []
        self._folder = folder
        listen(self._passing)

    def close(self) -> None:
        """The end of the world."""
        self.thaw()
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
                    if not doom.freezes or threading.current_thread().name != "carrier":
                        raise Crashed(waypoint)
                    if not self._thawing:  # whoever has just woken is not frozen again
                        self._freeze()
                return

    def _freeze(self) -> None:
        ice, self._ice = self._ice, Ice()
        ice.holds.set()
        assert ice.melts.wait(60)

    def hire(self) -> Worker:
        """One more worker, which lives from now on."""
        row = a_row(len(self.workers), self.clock.now())
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
            duties(self.ledger, self.vault, self.clock),
            broker=cast("Any", self.broker),
            vault=self.vault,
            limits=limits,
        )
        bench = self._bench(heart, log)
        sweeper = a_sweeper(heart, bench.helpdesk, self.vault)
        worker = Worker(heart=heart, carrier=Carrier(bench), reaper=reaper, sweeper=sweeper)
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
            guards=OpenDoor(),
            limits=ours.guards,
        )
        may_send = partial(heart.is_fresh, 6.0 * FRESH)
        return Bench(
            config=ours,
            clock=self.clock,
            desk=fenced(lambda journal: desk(journal=journal), may_send),
            helpdesk=FencedHelpdesk(self.helpdesk, may_send),
            ledger=self.ledger,
            writer=cast("GroupWriter", InlineWriter(self.ledger, self.clock)),
            vault=self.vault,
            hints=MemoryHints(self.broker),
            incarnation=lambda: heart.incarnation,
            gate=self.gate,
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

    def start(self) -> str | None:
        """The beginning."""
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        """As a source: whatever was brought since."""
        begin = int(position or 0)
        some = self.brought[begin : begin + limit]
        messages = tuple(Message(source=self.name, raw=raw) for raw in some)
        end = begin + len(some)
        return Page(messages=messages, position=str(end), more=end < len(self.brought))

    # What happens

    def alive(self) -> list[Worker]:
        """Workers that live, and are not frozen."""
        return [worker for worker in self.workers if worker.lives and not worker.frozen]

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
            self._carries(worker, hint)
        return True

    def _carries(self, worker: Worker, hint: Hint) -> None:
        """In a thread of its own, since it may be frozen in the middle."""
        ice = self._ice

        def carry() -> None:
            deed = worker.carrier.carry(hint.run, hint.send_n)
            self.does(worker, lambda: asyncio.run(deed))

        thread = threading.Thread(target=carry, name="carrier", daemon=True)
        thread.start()
        while thread.is_alive() and not ice.holds.is_set():
            thread.join(0.001)
        if ice.holds.is_set():
            worker.frozen = ice, thread

    def thaw(self) -> None:
        """Whoever is frozen goes on."""
        self._thawing = True
        for worker in self.workers:
            if worker.frozen:
                ice, thread = worker.frozen
                ice.melts.set()
                thread.join(60)
                assert not thread.is_alive()
                worker.frozen = None
        self._thawing = False

    def tick(self, seconds: float = 1.0) -> None:
        """Time passes: everybody who lives beats and sweeps, and late requests take effect."""
        self.clock.at += seconds
        if self.helpdesk.capabilities.settle_seconds <= seconds:
            self.helpdesk.settle()
        self.gate.look()  # as every heart has it do
        for worker in self.alive() or [self.hire()]:
            worker.heart.beat()
            self.does(worker, worker.reaper.sweep)
            if worker.lives:
                self.does(worker, worker.sweeper.sweep)

    def heal(self, seconds: int = 1_000) -> None:
        """No more faults; time passes, second by second, until nothing is left to be done."""
        self.dooms.clear()
        self.broker.is_away = False
        self.thaw()
        until = self.clock.at + seconds
        while self.clock.at < until:
            self.helpdesk.settle()
            self.tick(self._step())
            while self.deliver():
                pass
            if self.is_settled():
                return
        left = [run.id for run in self.runs() if run.state in UNSETTLED]
        told = [[(e.at, str(e.kind), dict(e.body)) for e in self.ledger.events(r)] for r in left]
        pytest.fail(f"not settled after {seconds} s: {told}")

    def _step(self) -> float:
        """A second; more where nothing but time is waited for, and less than makes a life lapse."""
        left = [run for run in self.runs() if run.state in UNSETTLED]
        return 5.0 if all((run.due_at or 0.0) > self.clock.now() + 10 for run in left) else 1.0

    def is_settled(self) -> bool:
        """Whether nothing is left to be done by itself."""
        return not any(run.state in UNSETTLED for run in self.runs())

    def runs(self) -> list[Run]:
        """Every run."""
        return [*self.ledger.runs(Filter())]


UNSETTLED = (State.QUEUED, State.RUNNING, State.WAITING)
