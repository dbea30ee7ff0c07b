"""Whoever sits at this shell and decides."""

import getpass

from tasks.errors import OperatorError
from tasks.run import Run
from worker.compose import Shop
from worker.operating.left_alone import Left
from worker.operating.reviewing import Opened, Reviewer


def reviewer(shop: Shop, name: str | None = None) -> Reviewer:
    """By the name that they give, else that of their account."""
    return Reviewer(
        name=name or getpass.getuser(),
        ledger=shop.ledger,
        vault=shop.vault,
        config=shop.config,
        clock=shop.clock,
        residence=shop.residence,
    )


def open_review(run: Run, by: Reviewer) -> Opened:
    """All that there is to decide by. Raises OperatorError where that is nothing any more."""
    opened = by.open(run)
    if isinstance(opened, Left):
        raise OperatorError(f"{run.external_id} cannot be shown: {opened}")
    return opened
