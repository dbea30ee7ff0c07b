"""Opens the stores for a command, checks the schema, and closes them again."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.environment import Environment
from tasks.errors import OperatorError
from tasks.run import Run
from worker.compose import Shop, open_shop, recognise
from worker.ledgers import migrating


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
        yield shop
    finally:
        shop.close()


def newest(shop: Shop, name: str) -> Run:
    """The newest run of the ticket with that name. Raises OperatorError where there is none."""
    found = shop.ledger.named(name)
    if not found:
        raise OperatorError(f"no ticket and no run is called {name!r}; see `triage ticket list`")
    if len({run.ticket for run in found}) > 1:
        ids = ", ".join(f"{run.id} ({run.source})" for run in found)
        raise OperatorError(f"{name!r} is a ticket of several sources: name the run: {ids}")
    return found[0]
