"""`triage run [SOURCE]`: a fleet for one inbox; it ends when every ticket has a place."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from config.environment import Environment
from tasks.errors import TriageError
from tasks.run import State
from worker.broker.errors import BrokerDown
from worker.cli.exit_codes import ExitCode
from worker.cli.intake import tell
from worker.cli.output import print_json
from worker.cli.progress import Progress
from worker.cli.report import as_json, print_report
from worker.cli.shop import the_shop
from worker.cli.watch import Watch
from worker.clock import SystemClock
from worker.compose import Shop, open_inbox, open_intake
from worker.embedded import children
from worker.home import FleetLock, holder
from worker.intake import Polled
from worker.operating.report import Report, report
from worker.operating.standing import waiting_for
from worker.processes.signals import Signals
from worker.processes.supervisor import Supervisor

LOOK_SECONDS = 0.25
MOST_DEATHS = 3
GRACE = 8.0
"""Seconds until a child that does not end is killed; Ctrl-C must be over in 15."""


def run(asked: argparse.Namespace) -> ExitCode:
    """Starts a fleet (or joins the one that runs here), triages, reports, stops what it started."""
    with the_shop() as shop:
        source = asked.source or shop.config.settings.sources.sample
        open_inbox(source, shop)  # a wrong name is said before anything is started
        joins = holder(shop.home)
        if joins:
            print(f"a fleet runs here already (process {joins}): joining it", file=sys.stderr)
            with Signals() as signals:
                done = _triage(shop, source, signals, None)
        else:
            done = _with_own_fleet(shop, source)
        if done is None:
            print("interrupted: the next run goes on where this one stopped", file=sys.stderr)
            return ExitCode.FAILED
        polled, seconds = done
        found = report(shop, source, polled, seconds)
    if asked.json:
        print_json(as_json(found))
    else:
        print_report(found)
    return _verdict(found)


def _verdict(found: Report) -> ExitCode:
    parked = found.stock.books.states[State.WAITING]
    if parked:
        told = "are parked until a person mends what `triage status` names"
        print(f"{parked} tickets {told}; run again then", file=sys.stderr)
    return ExitCode.DONE if found.stock.balanced and not parked else ExitCode.NEEDS_YOU


def _with_own_fleet(shop: Shop, source: str) -> tuple[Polled, float] | None:
    environment = replace(Environment.read(), source=None)
    watch = Watch(most_deaths=MOST_DEATHS)
    with FleetLock(shop.home), Signals() as signals:
        supervisor = Supervisor(
            children(shop, environment, started_at=shop.clock.now()),
            logs=shop.home.logs,
            clock=SystemClock(),
            signals=signals,
            report=watch,
        )
        try:
            supervisor.run(until=lambda: watch.given_up or _broker_answers(shop))
            watch.check(shop.home.logs)
            if signals.asked:
                return None
            return _triage(shop, source, signals, _Minded(supervisor, watch, shop.home.logs))
        finally:
            supervisor.stop(GRACE)


def _triage(
    shop: Shop, source: str, signals: Signals, minded: "_Minded | None"
) -> tuple[Polled, float] | None:
    """Takes the source in and waits until every ticket has a place. None when interrupted."""
    begun = shop.clock.monotonic()
    polled = open_intake(shop).poll(open_inbox(source, shop))
    print(tell(polled, source), file=sys.stderr)
    with Progress(shop) as progress:
        settled = _watcher(shop, progress)
        if minded is None:
            while not (signals.asked or settled()):
                if holder(shop.home) is None:
                    raise TriageError("the fleet that this run had joined has ended: run again")
                signals.wait(LOOK_SECONDS)
        else:
            minded.supervisor.run(
                until=lambda: minded.watch.given_up or settled(), every=LOOK_SECONDS
            )
            minded.watch.check(minded.logs)
    return None if signals.asked else (polled, shop.clock.monotonic() - begun)


def _watcher(shop: Shop, progress: Progress) -> Callable[[], bool]:
    def settled() -> bool:
        books = shop.ledger.books()
        progress.show(books)
        moving = any(books.states[state] for state in (State.QUEUED, State.RUNNING))
        waiting = books.states[State.WAITING]
        # What is parked waits for a person, and so does not keep the run from ending.
        return not moving and (not waiting or set(waiting_for(shop.ledger)) == {"parked"})

    return settled


def _broker_answers(shop: Shop) -> bool:
    try:
        shop.broker().ping()
    except BrokerDown:
        return False
    return True


class _Minded(NamedTuple):
    """A fleet of our own."""

    supervisor: Supervisor
    watch: Watch
    logs: Path
