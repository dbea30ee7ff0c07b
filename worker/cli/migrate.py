"""`triage migrate`: brings the ledger's schema up to date."""

import argparse

from config.environment import Environment
from worker.cli.exit_codes import ExitCode
from worker.compose import open_shop
from worker.ledgers import migrating


def migrate(_asked: argparse.Namespace) -> ExitCode:
    """Runs every migration that is missing; safe to repeat and to run twice at once."""
    shop = open_shop(Environment.read())
    try:
        before = migrating.current(shop.ledger.engine)
        migrating.migrate(shop.ledger.engine)
        after = migrating.current(shop.ledger.engine)
        migrating.check(shop.ledger.engine)
    finally:
        shop.close()
    print(f"schema {after}" if before == after else f"schema {before or 'empty'} -> {after}")
    return ExitCode.DONE
