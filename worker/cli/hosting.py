"""A fleet for as long as a command needs one: its own, or the one that runs here already."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from config.environment import Environment
from tasks.errors import TriageError
from worker.broker.errors import BrokerDown
from worker.cli.watch import Watch
from worker.clock import SystemClock
from worker.compose import Shop
from worker.embedded import children
from worker.home import FleetLock, holder
from worker.processes.signals import Signals
from worker.processes.supervisor import Supervisor

LOOK_SECONDS = 0.25
MOST_DEATHS = 3
GRACE = 8.0
"""Seconds until a child that does not end is killed; Ctrl-C must be over in 15."""


class _Minded(NamedTuple):
    """A fleet of our own."""

    supervisor: Supervisor
    watch: Watch
    logs: Path


@dataclass(frozen=True, kw_only=True)
class Host:
    """A fleet that is there while this is."""

    shop: Shop
    signals: Signals
    minded: _Minded | None  # None: somebody else's, which was joined

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody wants it to end."""
        return bool(self.signals.asked)

    def wait(self, until: Callable[[], bool]) -> None:
        """Until then, or until it is interrupted; what dies meanwhile is started again.

        Raises RefusedToStart where a child does not start, TriageError when a joined fleet ends.
        """
        if self.minded is None:
            while not (self.signals.asked or until()):
                if holder(self.shop.home) is None:
                    raise TriageError("the fleet that this run had joined has ended: run again")
                self.signals.wait(LOOK_SECONDS)
            return
        watch = self.minded.watch
        self.minded.supervisor.run(until=lambda: watch.given_up or until(), every=LOOK_SECONDS)
        watch.check(self.minded.logs)


@contextmanager
def a_fleet(shop: Shop, *, polls: bool = True) -> Iterator[Host]:
    """Starts one, whose broker answers, and stops it; or joins the one of this home.

    `polls`: whether one that is started asks its sources for what came.
    """
    joins = holder(shop.home)
    if joins:
        print(f"a fleet runs here already (process {joins}): joining it", file=sys.stderr)
        with Signals() as signals:
            yield Host(shop=shop, signals=signals, minded=None)
        return
    environment = replace(Environment.read(), source=None)
    watch = Watch(most_deaths=MOST_DEATHS)
    with FleetLock(shop.home), Signals() as signals:
        supervisor = Supervisor(
            children(shop, environment, started_at=shop.clock.now(), polls=polls),
            logs=shop.home.logs,
            clock=SystemClock(),
            signals=signals,
            report=watch,
        )
        host = Host(shop=shop, signals=signals, minded=_Minded(supervisor, watch, shop.home.logs))
        try:
            supervisor.run(until=lambda: watch.given_up or _broker_answers(shop))
            watch.check(shop.home.logs)
            yield host
        finally:
            supervisor.stop(GRACE)


def _broker_answers(shop: Shop) -> bool:
    try:
        shop.broker().ping()
    except BrokerDown:
        return False
    return True
