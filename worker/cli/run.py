"""`triage run [SOURCE]`: a fleet for one inbox; it ends when every ticket has a place."""

import argparse
import sys
from collections.abc import Callable, Mapping

from tasks.causes import WaitReason
from tasks.run import State
from worker.cli.exit_codes import ExitCode
from worker.cli.hosting import Host, a_fleet
from worker.cli.intake import tell
from worker.cli.output import print_json
from worker.cli.progress import Progress
from worker.cli.report import as_json, print_report
from worker.cli.shop import the_shop
from worker.compose import Shop, open_inbox, open_intake
from worker.intake import Polled
from worker.operating.report import Report, report
from worker.operating.standing import waiting_for


def run(asked: argparse.Namespace) -> ExitCode:
    """Starts a fleet (or joins the one that runs here), triages, reports, stops what it started."""
    with the_shop() as shop:
        source = asked.source or shop.config.settings.sources.sample
        open_inbox(source, shop)  # a wrong name is said before anything is started
        with a_fleet(shop) as host:
            done = None if host.is_interrupted else _triage(source, host)
        if done is None:
            print("interrupted: the next run goes on where this one stopped", file=sys.stderr)
            return ExitCode.FAILED
        polled, seconds = done
        found = report(shop, source, polled, seconds)
        waiting = waiting_for(shop.ledger)
    if asked.json:
        print_json(as_json(found))
    else:
        print_report(found)
    return _verdict(found, waiting)


def _verdict(found: Report, waiting: Mapping[str, int]) -> ExitCode:
    for reason, told in PATIENT.items():
        if count := waiting.get(reason, 0):
            print(f"{count} {told}", file=sys.stderr)
    needed = any(waiting.get(reason, 0) for reason in NEEDING)
    return ExitCode.DONE if found.stock.balanced and not needed else ExitCode.NEEDS_YOU


def _triage(source: str, host: Host) -> tuple[Polled, float] | None:
    """Takes the source in and waits until every ticket has a place. None when interrupted."""
    shop = host.shop
    begun = shop.clock.monotonic()
    polled = open_intake(shop).poll(open_inbox(source, shop))
    print(tell(polled, source), file=sys.stderr)
    with Progress(shop) as progress:
        host.wait(_watcher(shop, progress))
    return None if host.is_interrupted else (polled, shop.clock.monotonic() - begun)


def _watcher(shop: Shop, progress: Progress) -> Callable[[], bool]:
    def settled() -> bool:
        books = shop.ledger.books()
        progress.show(books)
        moving = any(books.states[state] for state in (State.QUEUED, State.RUNNING))
        waiting = books.states[State.WAITING]
        # What waits for a person, or for another hour, does not keep the run from ending.
        return not moving and (not waiting or set(waiting_for(shop.ledger)) <= PATIENT.keys())

    return settled


PATIENT = {
    WaitReason.PARKED: "parked until a person mends what `triage status` names; run again then",
    WaitReason.MONEY: "out of money until midnight UTC or a higher cap: `triage spend`; run again",
    WaitReason.CAPPED: "waiting for their turn: `triage source list`",
}
"""What does not keep a run from ending, and what is said of it."""

NEEDING = (WaitReason.PARKED, WaitReason.MONEY)
"""Of these somebody has to know."""
