"""What people say of a field, on either database."""

from dataclasses import replace

from tasks.run import RunId
from tests.twins.clock import NOON
from worker.ledgers.labelling import How, Label
from worker.ledgers.sql import SqlLedger

CARD = Label(
    run=RunId("r1"),
    field="issue_type",
    how=How.CORRECTION,
    said="card",
    truth="card_payment",
    by="ada",
    at=NOON,
)


def test_labels_are_kept_oldest_first_and_by_how_they_came(ledger: SqlLedger) -> None:
    audit = replace(CARD, how=How.AUDIT, truth="card", at=NOON - 1)
    other = replace(CARD, run=RunId("r2"), said=None, at=NOON + 1)
    ledger.label([CARD, audit, other])
    assert ledger.labels() == [audit, CARD, other]
    assert ledger.labels([How.AUDIT]) == [audit]
    assert ledger.labels(since=NOON) == [CARD, other]
    assert ledger.labels_of(RunId("r1")) == [audit, CARD]
    assert [label.is_right for label in ledger.labels()] == [True, False, False]


def test_who_says_something_else_later_is_believed(ledger: SqlLedger) -> None:
    later = replace(CARD, truth="card", by="bob", at=NOON + 9)
    ledger.label([CARD])
    ledger.label([later])
    assert ledger.labels() == [later]
