"""`triage up [SOURCE]`: a fleet that runs until it is asked to stop."""

import argparse
import sys
from dataclasses import replace

from config.environment import Environment
from config.load import Config
from worker.cli.exit_codes import ExitCode
from worker.cli.shop import the_shop
from worker.cli.watch import Watch
from worker.clock import SystemClock
from worker.compose import open_inbox
from worker.embedded import children
from worker.home import FleetLock, Home
from worker.pages.password import FILE, USER, password
from worker.processes.signals import Signals
from worker.processes.supervisor import Supervisor

GRACE = 3.0
"""Seconds beyond the drain time that a child may take to end."""


def up(asked: argparse.Namespace) -> ExitCode:
    """Starts everything, prints `ready`, restarts what dies, drains on SIGTERM and Ctrl-C."""
    environment = Environment.read()
    environment = replace(environment, source=asked.source or environment.source)
    with the_shop() as shop, FleetLock(shop.home), Signals() as signals:
        if environment.source:
            open_inbox(environment.source, shop)  # a wrong name is said before anything is started
        elif _polls_nothing(shop.config):
            print("no source is polled: name one, or set sources.inboxes", file=sys.stderr)
        secret, made = password(environment, shop.home)
        watch = Watch(talks=True)
        supervisor = Supervisor(
            children(shop, environment, started_at=shop.clock.now()),
            logs=shop.home.logs,
            clock=SystemClock(),
            signals=signals,
            report=watch,
        )
        try:
            supervisor.run(until=lambda: watch.given_up or supervisor.is_ready())
            watch.check(shop.home.logs)
            if not signals.asked:
                pages = shop.config.settings.pages
                print(f"Flower: http://{pages.address}:{pages.port}/fleet", flush=True)
                _tell_password(environment, shop.home, secret if made else None)
                print("ready", flush=True)
            supervisor.run()
        finally:
            print("stopping: tickets under way may finish", file=sys.stderr, flush=True)
            supervisor.stop(shop.config.settings.worker.drain_seconds + GRACE)
    return ExitCode.DONE


def _polls_nothing(config: Config) -> bool:
    """The embedded helpdesk brings replies alone."""
    return config.helpdesk.kind == "embedded" and not config.settings.sources.inboxes


def _tell_password(environment: Environment, home: Home, made: str | None) -> None:
    """Once, when it was made; afterwards where it is kept."""
    if made:
        print(f"login: {USER} / {made} (said once; kept in {home.root / FILE})", flush=True)
    elif environment.flower_password is None:
        print(f"login: {USER}, with the password in {home.root / FILE}", flush=True)
