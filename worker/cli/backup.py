"""`triage backup` and `triage restore`: the whole ledger in one file, and back."""

import argparse
import sys
from pathlib import Path

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop
from worker.operating.backup import backup, restore


def make(asked: argparse.Namespace) -> ExitCode:
    """Copies the ledger while the fleet works."""
    path = Path(asked.file)
    with the_shop() as shop:
        runs = backup(shop.ledger, path, _say)
    if asked.json:
        print_json({"file": str(path), "runs": runs})
    else:
        print(f"{path} has {runs:,} runs. Its texts open only under the same secret key:")
        print(f"keep TRIAGE_SECRET_KEY, or {shop.home.secret}, somewhere else.")
    return ExitCode.DONE


def bring_back(asked: argparse.Namespace) -> ExitCode:
    """Puts a backup into an empty ledger."""
    path = Path(asked.file)
    with the_shop() as shop:
        runs = restore(path, shop.ledger, shop.clock.now(), _say)
    if asked.json:
        print_json({"file": str(path), "runs": runs})
    else:
        print(f"{runs:,} runs are back. What was written to the helpdesk since is looked up there")
        print("before each write, so that nothing is written twice.")
    return ExitCode.DONE


def _say(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{table}: {rows:,} rows ", end="", file=sys.stderr)
