"""What may be said of money."""

import argparse
from decimal import Decimal, InvalidOperation

from worker.cli.declaring import Parsers, asks_yes, command

SCOPES = ("fleet", "economy", "standard", "premium")
MOST = 1_000_000
DEFAULT = "default"


def usd(text: str) -> Decimal | None:
    """Argparse: US dollars; None for `default`."""
    if text == DEFAULT:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= MOST):
        message = f"{text!r} is neither US dollars from 0 to {MOST:,} nor `{DEFAULT}` (config's)"
        raise argparse.ArgumentTypeError(message)
    return amount


def spending(nouns: Parsers) -> None:
    """Looks at what a day has cost, says what it may."""
    spend = command(
        nouns, "spend", "worker.cli.spend:spend", "what a day has cost, under which caps", json=True
    )
    spend.add_argument("--day", metavar="DATE", help="a day in UTC: 2026-11-20 (default today)")
    verbs = spend.add_subparsers(title="verbs", metavar="VERB")
    change = command(
        verbs, "set-cap", "worker.cli.spend:set_cap", "how much a day may cost at most", json=True
    )
    change.add_argument("scope", choices=SCOPES, metavar="SCOPE", help="fleet, or a tier")
    change.add_argument(
        "usd", type=usd, metavar="USD", help="US dollars a day, or default: config's"
    )
    change.add_argument(
        "--why", metavar="TEXT", required=True, help="the reason, kept in the ledger"
    )
    asks_yes(change)
