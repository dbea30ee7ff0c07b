"""`triage status`: who works, what waits, what needs somebody."""

import argparse
from dataclasses import replace

from worker.broker.errors import BrokerDown
from worker.cli.breaker import line
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.compose import Shop
from worker.operating.breakers import panel
from worker.operating.moments import age, iso
from worker.operating.standing import BROKER_DOWN, Standing, stand


def status(asked: argparse.Namespace) -> ExitCode:
    """Prints where the fleet stands; exit code 3 when something is overdue."""
    with the_shop() as shop:
        standing = stand(shop.ledger, shop.config, shop.clock.now())
        if not _broker_answers(shop, standing):
            standing = replace(standing, alerts=(BROKER_DOWN, *standing.alerts))
        held = tuple(one for one in panel(shop).breakers if one.holds)
        standing = replace(standing, breakers=held)
    if asked.json:
        print_json(standing.as_json())
    else:
        _print(standing)
    return ExitCode.NEEDS_YOU if standing.alerts else ExitCode.DONE


def _broker_answers(shop: Shop, standing: Standing) -> bool:
    """Whether it does; the embedded one need not where no fleet runs."""
    if not (shop.config.environment.broker_url or standing.workers):
        return True
    broker = shop.broker()
    try:
        broker.ping()
    except BrokerDown:
        return False
    finally:
        broker.close()
    return True


def _print(standing: Standing) -> None:
    if standing.workers:
        print_table(
            ["pid", "host", "tiers", "version", "since"],
            [
                (w.pid, w.host, ",".join(w.tiers), w.version, iso(w.started_at))
                for w in standing.workers
            ],
        )
    else:
        print("no worker is alive: start one with `triage up`")
    counts = ", ".join(
        f"{count} {state}" for state, count in standing.books.states.items() if count
    )
    print(f"tickets: {counts or 'none yet'}")
    if standing.oldest_seconds is not None:
        print(f"oldest unrouted: {age(standing.oldest_seconds)}")
    for one in standing.paused:
        print(f"paused: {one.scope}, by {one.by} since {iso(one.since)}: {one.why}")
    for source in standing.careful:
        limit = f", {source.per_hour} tickets an hour" if source.per_hour else ""
        print(f"source: {source.name}: {source.mode}{limit}, by {source.by}: {source.why}")
    for breaker in standing.breakers:
        print(line(breaker))
    for reason, count in standing.waiting.items():
        print(f"waiting ({reason}): {count}")
    for alert in standing.alerts:
        print(f"ALERT {alert}")
