"""Opens the stores for a command, checks the schema, and closes them again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from config.environment import Environment
from tasks.errors import OperatorError
from tasks.run import Run
from worker.alerts.reading import read_polls
from worker.compose import Shop, open_shop, recognise
from worker.ledgers import migrating
from worker.ledgers.engine import reading
from worker.ledgers.residence import REMOTE

LATELY = 86_400.0
"""Seconds after which a helpdesk that was polled here is thought to be left for good."""


@contextmanager
def the_shop(*, embedded_migrates: bool = True) -> Iterator[Shop]:
    """The stores of this home. The embedded ledger is made when it is missing; others never are.

    Raises ConfigError and RefusedToStart.
    """
    environment = Environment.read()
    shop = open_shop(environment)
    try:
        if environment.ledger_url is None and embedded_migrates:
            migrating.migrate(shop.ledger.engine)
        migrating.check(shop.ledger.engine)
        recognise(shop)
        _warn_of_another(shop)
        yield shop
    finally:
        shop.close()


def _warn_of_another(shop: Shop) -> None:
    """A shell without its variables asks the embedded helpdesk, and would not say so."""
    if shop.config.helpdesk.remote is not None:
        return
    with reading(shop.ledger.engine) as connection:
        polls = read_polls(connection)
    since = shop.clock.now() - LATELY
    if real := [name for name, at in polls.items() if name.startswith(REMOTE) and at > since]:
        print(
            f"warning: the fleet of this home works with {real[0]}, and this shell names no "
            "helpdesk: TRIAGE_HELPDESK, TRIAGE_HELPDESK_URL and TRIAGE_HELPDESK_TOKEN, here too",
            file=sys.stderr,
        )


def newest(shop: Shop, name: str) -> Run:
    """The newest run of the ticket with that name. Raises OperatorError where there is none."""
    found = shop.ledger.named(name)
    if not found:
        raise OperatorError(f"no ticket and no run is called {name!r}; see `triage ticket list`")
    if len({run.ticket for run in found}) > 1:
        ids = ", ".join(f"{run.id} ({run.source})" for run in found)
        raise OperatorError(f"{name!r} is a ticket of several sources: name the run: {ids}")
    return found[0]
