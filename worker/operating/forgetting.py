"""Forgets a requester: their texts, and the key that opens them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.ports.ledger import Change, Filter
from tasks.run import Run, State
from worker.compose import Shop
from worker.operating.requeue import Operator

WHY = "its requester was forgotten"


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What is known of them, and what became of it.

    `let_go`: runs that were not done and are dropped. `running`: those that a worker has in hand;
    they come to their end, and what they still seal nobody can open.
    """

    runs: int
    tickets: int
    let_go: int
    running: int
    texts: int = 0  # that were deleted
    in_helpdesk: int = 0  # tickets of the embedded helpdesk
    summaries: int | None = 0  # of threads, in Redis; None: it was away


def known(shop: Shop, email: str, by: Operator) -> tuple[Forgotten, Sequence[Change]]:
    """What would be forgotten, and how runs would be let go. Raises LedgerDown."""
    runs = list(shop.ledger.runs(Filter(requester=shop.vault.requester(email))))
    changes = [change for run in runs if isinstance(change := by.drop(run, WHY), Change)]
    found = Forgotten(
        runs=len(runs),
        tickets=len({run.ticket for run in runs}),
        let_go=len(changes),
        running=sum(run.state is State.RUNNING for run in runs),
    )
    return found, changes


def forget(shop: Shop, email: str, by: Operator) -> Forgotten:
    """Does it; may be done again, and then finds what came since. Raises LedgerDown, HelpdeskDown.

    Runs are let go first: whoever is killed in between has not yet taken the texts from them.
    """
    found, changes = known(shop, email, by)
    moved: list[Run] = by.do(list(changes), shop.broker()) if changes else []
    summaries = _forget_threads(shop, email)
    texts = shop.ledger.forget(shop.vault.requester(email), at=shop.clock.now(), by=by.name)
    return Forgotten(
        runs=found.runs,
        tickets=found.tickets,
        let_go=len(moved),
        running=found.running,
        texts=texts,
        in_helpdesk=shop.sandbox.forget(email) if shop.home.helpdesk.exists() else 0,
        summaries=summaries,
    )


def _forget_threads(shop: Shop, email: str) -> int | None:
    """What Redis holds of their threads; nobody can open it once their key is gone."""
    wanted = Filter(requester=shop.vault.requester(email))
    shelf = shop.shelf()
    try:
        return shelf.forget({run.ticket for run in shop.ledger.runs(wanted)})
    finally:
        shelf.close()
