"""`triage books [--deep] [--repair]`: where every ticket ever seen is."""

import argparse

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.operating.books import Ledgerbook, repair, take_stock


def books(asked: argparse.Namespace) -> ExitCode:
    """Prints the books; exit code 3 when they do not balance."""
    with the_shop() as shop:
        sent = repair(shop) if asked.repair else None
        found = take_stock(shop.ledger, shop.broker(), deep=asked.deep)
    if asked.json:
        print_json(found.as_json() | ({} if sent is None else {"sent": sent}))
    else:
        if sent is not None:
            print(f"sent again: {sent}")
        _print(found)
    return ExitCode.DONE if found.balanced else ExitCode.NEEDS_YOU


def _print(found: Ledgerbook) -> None:
    states = found.books.states
    print_table(["where", "tickets"], [(str(state), count) for state, count in states.items()])
    print(f"ingested   {found.books.ingested}")
    print("balanced" if found.balanced else "NOT BALANCED: see docs/runbook.md, 'books differ'")
    for difference in found.differences[:20]:
        print(f"  {difference}")
    if found.broker is None:
        print("broker: does not answer; nothing is lost, nothing moves")
        return
    print_table(["queue", "messages"], found.broker.items())
    print(f"missing    {found.missing}  (queued, and not on the broker: sent again within seconds)")
    print(f"surplus    {found.surplus}  (messages out of date: dropped when they are read)")
