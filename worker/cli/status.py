"""`triage status`: who works, what waits, what needs somebody."""

import argparse
from functools import partial

from worker.alarm import answering, open_lookout
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.compose import Shop
from worker.operating.moments import age, iso
from worker.operating.standing import Standing, stand


def status(asked: argparse.Namespace) -> ExitCode:
    """Prints where the fleet stands; exit code 3 when an alert holds."""
    with the_shop() as shop:
        standing = stand(
            shop.ledger,
            open_lookout(shop.ledger, shop.config),
            shop.clock.now(),
            broker_answers=partial(_broker_answers, shop),
        )
        runbook = shop.config.alerts.runbook
    if asked.json:
        print_json(standing.as_json(runbook))
    else:
        _print(standing, runbook)
    return ExitCode.NEEDS_YOU if standing.alerts else ExitCode.DONE


def _broker_answers(shop: Shop, is_manned: bool) -> bool:  # noqa: FBT001 - a callback
    """Whether it does; the embedded one need not where no fleet runs."""
    if not (shop.config.environment.broker_url or is_manned):
        return True
    broker = shop.broker()
    try:
        return answering(broker)()
    finally:
        broker.close()


def _print(standing: Standing, runbook: str) -> None:
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
    for reason, count in standing.waiting.items():
        print(f"waiting ({reason}): {count}")
    for guard in standing.off:
        print(f"guard off: {guard.name} until {iso(guard.until)}, by {guard.by}: {guard.why}")
    for alert in standing.alerts:
        print(f"ALERT {alert}")
        since = f", since {iso(alert.since)}" if alert.since else ""
        print(f"      {runbook}#{alert.kind.anchor}{since}")
