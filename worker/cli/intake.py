"""`triage intake [SOURCE]`: polls a source once, or each that is configured."""

import argparse
import sys
from dataclasses import asdict

from tasks.errors import OperatorError
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop
from worker.compose import Shop, open_inbox, open_intake
from worker.intake import Polled
from worker.schedule import HELPDESK


def intake(asked: argparse.Namespace) -> ExitCode:
    """Takes in what is new and says what it was."""
    with the_shop() as shop:
        taking, total = open_intake(shop), Polled()
        for source in _sources(asked.source, shop):
            polled = taking.poll(open_inbox(source, shop), _progress)
            total = total.plus(polled)
            if not asked.json:
                print(tell(polled, source))
    if asked.json:
        print_json(asdict(total))
    return ExitCode.DONE


def _sources(named: str | None, shop: Shop) -> tuple[str, ...]:
    """The source that was named, or those that are configured; the sample only for the sandbox."""
    ours, environment = shop.config.settings.sources, shop.config.environment
    given = [source for source in (environment.source, *ours.inboxes) if source]
    if named or given:
        return (named,) if named else tuple(dict.fromkeys(given))
    if shop.config.helpdesk.kind != "embedded":
        return (HELPDESK,)
    if environment.ledger_url:
        raise OperatorError("name a source, or set sources.inboxes in settings.toml")
    return (ours.sample,)


def tell(polled: Polled, source: str) -> str:
    """One sentence about a poll, or two."""
    if polled.ingested == 0:
        again = f"; {polled.seen} messages came again" if polled.seen else " since the last poll"
        return f"{source}: nothing was ingested, there is nothing new{again}"
    told = [
        f"{source}: {polled.ingested} of {polled.seen} messages are new, {polled.known} known",
        f"{polled.malformed} malformed (triage dead list)" if polled.malformed else "",
        f"{polled.superseded} older runs superseded" if polled.superseded else "",
        f"{polled.unsent} wait until a fleet runs (the broker does not answer)"
        if polled.unsent
        else "",
    ]
    return "; ".join(part for part in told if part)


def _progress(polled: Polled) -> None:
    if sys.stderr.isatty():
        print(f"\r{polled.seen} messages read, {polled.ingested} new", end="", file=sys.stderr)
