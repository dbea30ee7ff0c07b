"""`triage intake [SOURCE]`: polls a source once."""

import argparse
import sys
from dataclasses import asdict

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop
from worker.compose import open_inbox, open_intake
from worker.intake import Polled


def intake(asked: argparse.Namespace) -> ExitCode:
    """Takes in what is new and says what it was."""
    with the_shop() as shop:
        source = asked.source or shop.config.settings.sources.sample
        polled = open_intake(shop).poll(open_inbox(source, shop), _progress)
    if asked.json:
        print_json(asdict(polled))
        return ExitCode.DONE
    print(tell(polled, source))
    return ExitCode.DONE


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
