"""What the fleet has decided about a requester's other tickets."""

from tasks.events import Body, Kind
from tasks.run import Outcome, Run
from tests.contracts.journeys import VALIDATED
from tests.ledgers import IN_REVIEW, WRITTEN, an_arrival, claim_all, move, take_in
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

ADA, BOB = "0a" * 16, "0b" * 16


def _written(
    ledger: SqlLedger,
    ticket: str,
    *,
    says: str = "x",
    requester: str = ADA,
    end: tuple[Kind, Body] = WRITTEN,
) -> Run:
    [run] = take_in(ledger, an_arrival(ticket, says=says, requester=requester))
    [running] = claim_all(ledger, run)
    return move(ledger, running, VALIDATED, end)


def _now(ledger: SqlLedger, ticket: str = "T-now") -> Run:
    return take_in(ledger, an_arrival(ticket, requester=ADA))[0]


def test_the_newest_of_the_same_requester_come_first(ledger: SqlLedger) -> None:
    written = [_written(ledger, f"T-a{number}") for number in range(4)]
    _written(ledger, "T-bob", requester=BOB)
    found = ledger.routed_before(_now(ledger), 3)
    assert [run.id for run in found] == [run.id for run in reversed(written[1:])]


def test_of_each_ticket_the_newest_revision_and_none_of_its_own(ledger: SqlLedger) -> None:
    _written(ledger, "T-old", says="one")
    newer = _written(ledger, "T-old", says="two")
    _written(ledger, "T-now", says="before")
    found = ledger.routed_before(_now(ledger), 3)
    assert [run.id for run in found] == [newer.id]


def test_only_what_was_decided_and_stands(ledger: SqlLedger) -> None:
    """Not what people decide, what was only compared, and what was taken back."""
    _written(ledger, "T-review", end=IN_REVIEW)
    for outcome in (Outcome.SHADOW, Outcome.RECALLED):
        body: Body = {"outcome": outcome, "results": {}}
        _written(ledger, f"T-{outcome}", end=(Kind.WRITTEN, body))
    assert ledger.routed_before(_now(ledger), 3) == []


def test_who_was_forgotten_had_none(ledger: SqlLedger) -> None:
    _written(ledger, "T-old")
    ledger.forget(ADA, at=NOON, by="eve")
    assert ledger.routed_before(_now(ledger), 3) == []
