"""Of a ledger that has known several helpdesks, only what lives in this one is handed over."""

import pytest

from tests.ledgers import BURIED, an_arrival, claim_all, move, take_in
from tests.twins.clock import NOON
from worker.ledgers.residence import ANYWHERE, REMOTE, Residence
from worker.ledgers.sql import SqlLedger

SOURCES = ("file:a_b.jsonl", "helpdesk", "rt:https://one", "rt:https://two", "roundup:http://r")
EMBEDDED = Residence(never=REMOTE)
ONE = Residence(only="rt:https://one")


@pytest.mark.parametrize(
    ("residence", "held"),
    [(ANYWHERE, SOURCES), (EMBEDDED, SOURCES[:2]), (ONE, SOURCES[2:3])],
    ids=["anywhere", "embedded", "one"],
)
def test_what_lives_here(ledger: SqlLedger, residence: Residence, held: tuple[str, ...]) -> None:
    """In Python and in SQL alike."""
    runs = take_in(ledger, *(an_arrival(source=source) for source in SOURCES))
    assert tuple(filter(residence.holds, SOURCES)) == held
    older = dict.fromkeys(("basic", "plus", "business"), "z")
    assert {run.source for run in ledger.overdue(older, 9, residence)} == set(held)
    for run in claim_all(ledger, *runs):
        move(ledger, run, BURIED)
    assert {run.source for run in ledger.unhanded(NOON, 9, residence)} == set(held)
