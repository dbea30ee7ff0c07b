"""`triage status`: who works, what waits, what needs somebody."""

import argparse
from dataclasses import replace
from functools import partial

from worker.alarm import open_lookout
from worker.cli.breaker import line
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.cli.spend import told
from worker.compose import Shop
from worker.guards.throttled import Throttled, look
from worker.operating.breakers import panel
from worker.operating.moments import age, iso
from worker.operating.standing import Standing, stand


def status(asked: argparse.Namespace) -> ExitCode:
    """Prints where the fleet stands; exit code 3 when an alert holds."""
    with the_shop() as shop:
        lookout = open_lookout(shop.ledger, shop.config, shop.clock, shop.broker_url)
        throttled = partial(_throttled, shop)
        standing = stand(shop.ledger, lookout, shop.clock.now(), throttled)
        held = tuple(one for one in panel(shop).breakers if one.holds)
        standing = replace(standing, breakers=held)
        runbook = shop.config.alerts.runbook
    if asked.json:
        print_json(standing.as_json(runbook))
    else:
        _print(standing, runbook)
    return ExitCode.NEEDS_YOU if standing.alerts else ExitCode.DONE


def _throttled(shop: Shop, is_manned: bool) -> Throttled:  # noqa: FBT001 - a callback
    """What the broker's Redis says of the guards; the embedded one need not run without a fleet.

    Raises BrokerDown where it does not answer.
    """
    if not (shop.config.environment.broker_url or is_manned):
        return Throttled()
    broker = shop.broker()
    try:
        broker.ping()
    finally:
        broker.close()
    return look(shop.broker_url, shop.config.guards)


def _print(standing: Standing, runbook: str) -> None:
    _print_workers(standing)
    counts = ", ".join(
        f"{count} {state}" for state, count in standing.books.states.items() if count
    )
    print(f"tickets: {counts or 'none yet'}")
    if standing.backfill:
        past = ", ".join(f"{count} {state}" for state, count in standing.backfill.items())
        print(f"of them of a backfill: {past} (nobody waits for these)")
    if standing.oldest_seconds is not None:
        print(f"oldest unrouted: {age(standing.oldest_seconds)}")
    for one in standing.paused:
        print(f"paused: {one.scope}, by {one.by} since {iso(one.since)}: {one.why}")
    for source in standing.careful:
        limit = f", {source.per_hour} tickets an hour" if source.per_hour else ""
        print(f"source: {source.name}: {source.mode}{limit}, by {source.by}: {source.why}")
    for account in standing.dear:
        print(f"money: {told(account)}")
    for breaker in standing.breakers:
        print(line(breaker))
    _print_throttled(standing.throttled)
    for reason, count in standing.waiting.items():
        print(f"waiting ({reason}): {count}")
    _print_what_needs_you(standing, runbook)


def _print_what_needs_you(standing: Standing, runbook: str) -> None:
    for guard in standing.off:
        print(f"guard off: {guard.name} until {iso(guard.until)}, by {guard.by}: {guard.why}")
    for alert in standing.alerts:
        print(f"ALERT {alert}")
        since = f", since {iso(alert.since)}" if alert.since else ""
        print(f"      {runbook}#{alert.kind.anchor}{since}")


def _print_workers(standing: Standing) -> None:
    if standing.workers:
        print_table(
            ["pid", "host", "tiers", "version", "since"],
            [
                (w.pid, w.host, ",".join(w.tiers), w.version, iso(w.started_at))
                for w in standing.workers
            ],
        )
    else:
        print(
            "no worker is alive: start one with `triage up` (which shows here after some seconds)"
        )


def _print_throttled(throttled: Throttled) -> None:
    for limit in throttled.limits:
        print(f"limit: {limit.upstream}: {limit}")
    if throttled.retries:
        left, allowed = throttled.retries
        print(f"retries: {left} of {allowed} left in this minute")
