"""Takes stock: the ledger's books, and beside them what the broker holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.chronicle import sent_again
from tasks.errors import TriageError
from tasks.journey import fold
from tasks.ports.ledger import Books, Filter
from tasks.run import State
from worker.broker.queues import Broker
from worker.carrying.hints import hint_of
from worker.carrying.notebook import change_of
from worker.compose import Shop
from worker.ledgers.accounting import Total
from worker.ledgers.sql import SqlLedger


@dataclass(frozen=True, kw_only=True)
class Ledgerbook:
    """The books of one moment, and the broker's view a moment later."""

    books: Books
    differences: tuple[str, ...]  # found by folding events, money too; empty unless asked for
    broker: Mapping[str, int] | None  # None: it does not answer
    missing: int | None  # queued in the ledger, no message on the broker
    surplus: int | None  # messages on the broker that are out of date

    @property
    def balanced(self) -> bool:
        """Speaks of the ledger alone."""
        return self.books.balanced and not self.differences

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it to scripts."""
        states = {str(state): count for state, count in self.books.states.items()}
        return {
            "ingested": self.books.ingested,
            **states,
            "balanced": self.balanced,
            "broker": self.broker,
            "missing": self.missing,
            "surplus": self.surplus,
        }


def take_stock(ledger: SqlLedger, broker: Broker, *, deep: bool = False) -> Ledgerbook:
    """The books; with `deep` runs and days' accounts are folded from the events and compared."""
    differences = (*_fold_all(ledger), *_recount(ledger)) if deep else ()
    books = ledger.books()
    try:
        depths: Mapping[str, int] = dict(broker.depths().items())
        hinted = broker.held()
    except TriageError:
        return Ledgerbook(
            books=books, differences=differences, broker=None, missing=None, surplus=None
        )
    queued = {
        (run.id, run.send_n) for run in ledger.runs(Filter(states=(State.QUEUED, State.RUNNING)))
    }
    waiting = {(run.id, run.send_n) for run in ledger.runs(Filter(states=(State.QUEUED,)))}
    return Ledgerbook(
        books=books,
        differences=differences,
        broker=depths,
        missing=len(waiting - hinted),
        surplus=len(hinted - queued),
    )


def repair(shop: Shop) -> int:
    """Sends again, now, whatever is queued and not on the broker; how many. Raises BrokerDown."""
    broker = shop.broker()
    held = broker.held()
    queued = shop.ledger.runs(Filter(states=(State.QUEUED,)))
    lost = [run for run in queued if (run.id, run.send_n) not in held]
    changes = [
        change_of(run, (sent_again(run),), None, vault=shop.vault, clock=shop.clock) for run in lost
    ]
    accepted = shop.ledger.commit(changes)
    moved = [change.after for change, ok in zip(changes, accepted, strict=True) if ok]
    broker.push([hint_of(run) for run in moved])
    return len(moved)


def _fold_all(ledger: SqlLedger) -> list[str]:
    """What differs between each run's row and the fold of its events, in words."""
    differences = []
    for run in ledger.runs(Filter()):
        try:
            folded = fold(ledger.events(run.id))
        except (ValueError, KeyError) as error:
            differences.append(f"{run.id}: its events do not follow each other ({error})")
            continue
        if folded.seq == run.seq and folded != run:
            differences.append(f"{run.id}: its row says {run.state}, its events {folded.state}")
    return differences


def _recount(ledger: SqlLedger) -> list[str]:
    """Where a day's account is not what its runs' events come to, in words."""
    return [
        f"account {name} says {_money(kept)}, its runs' events {_money(folded)}"
        for name, (kept, folded) in ledger.counted_twice().items()
        if kept != folded
    ]


def _money(total: Total) -> str:
    return f"${total.spent / 1e6:.6f} spent and ${total.reserved / 1e6:.6f} reserved"
