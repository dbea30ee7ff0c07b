"""What every ledger keeps of money: what is reserved fits under the caps, and is settled once."""

import pytest
from sqlalchemy import select

from tasks.events import Body, Kind
from tasks.journey import fold
from tasks.ports.ledger import Reserved, WorkerRow
from tests.ledgers import (
    BURIED,
    DROPPED,
    IN_REVIEW,
    ME,
    WAITING,
    a_change,
    a_running,
    an_arrival,
    claim_all,
    move,
    take_in,
)
from tests.moneyed import (
    ECONOMY,
    TODAY,
    a_wish,
    answered,
    reserved,
    stands,
    unanswered,
)
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger

DONE, MOVED, SHORT = Reserved.DONE, Reserved.MOVED, Reserved.SHORT
STANDARD = f"{TODAY}/standard"


def test_what_is_reserved_stands_against_tier_and_fleet(ledger: SqlLedger) -> None:
    change = a_wish(a_running(ledger), 300)
    assert list(ledger.reserve([change])) == [DONE]
    assert ledger.run(change.before.id) == change.after == fold(ledger.events(change.before.id))
    assert (change.after.reserved, change.after.reserved_for) == (300, ECONOMY)
    assert stands(ledger) == stands(ledger, "fleet") == (300, 0)
    assert stands(ledger, "standard") == (0, 0)


@pytest.mark.parametrize(
    ("ends", "spent"),
    [
        (answered(120), 120),
        (unanswered(0), 0),
        (unanswered(300), 300),
        (answered(310), 310),  # more than could be: the provider's word counts
        ((Kind.RELEASED, {"why": "cancelled"}), 300),
        (WAITING, 300),
        (BURIED, 300),
        (DROPPED, 300),
        (IN_REVIEW, 300),
    ],
    ids=lambda given: str(given[0]) if isinstance(given, tuple) else str(given),
)
def test_whatever_happens_next_settles_it(
    ledger: SqlLedger, ends: tuple[Kind, Body], spent: int
) -> None:
    """An answer at what it has cost, all else at what was reserved."""
    run = move(ledger, reserved(ledger, 300), ends)
    assert (run.reserved, run.reserved_for, run.micro_usd) == (0, None, spent)
    assert stands(ledger) == stands(ledger, "fleet") == (0, spent)


def test_a_dead_workers_reservations_are_charged_when_it_is_buried(ledger: SqlLedger) -> None:
    worker = WorkerRow(
        incarnation=ME,
        host="here",
        pid=1,
        version="1",
        tiers=(),
        beat=0,
        started_at=NOON,
        beat_at=NOON,
    )
    ledger.born(worker)
    runs = [reserved(ledger, amount) for amount in (100, 200)]
    taken = ledger.bury(ME, NOON + 9)
    assert {run.id for run in taken} == {run.id for run in runs}
    assert {run.micro_usd for run in taken} == {100, 200}
    assert stands(ledger) == (0, 300)
    assert list(ledger.commit([a_change(runs[0], answered(1))])) == [False]
    assert stands(ledger) == (0, 300)


def test_a_new_message_that_takes_over_settles_what_the_older_run_had(ledger: SqlLedger) -> None:
    (older,) = claim_all(ledger, *take_in(ledger, an_arrival("T-1")))
    assert list(ledger.reserve([a_wish(older, 70)])) == [DONE]
    ledger.ingest([an_arrival("T-1", says="more")], cursor=None)
    assert stands(ledger) == (0, 70)


def test_a_refused_change_settles_nothing(ledger: SqlLedger) -> None:
    run = reserved(ledger, 300)
    move(ledger, run, answered(100))
    assert list(ledger.commit([a_change(run, unanswered(7))])) == [False]
    assert stands(ledger) == (0, 100)


def test_a_settlement_that_fails_takes_its_change_with_it(ledger: SqlLedger) -> None:
    """They are one transaction: a run's state and its money never differ."""
    run = reserved(ledger, 300)
    with ledger.engine.begin() as connection:
        connection.execute(schema.runs.update().values(reserved_for="no account"))
    odd = ledger.run(run.id)
    assert odd
    with pytest.raises(ValueError, match="no account"):
        ledger.commit([a_change(odd, answered(100))])
    assert ledger.run(run.id) == odd
    assert len(ledger.events(run.id)) == 3


def test_of_two_that_settle_the_same_in_a_group_the_first_counts(ledger: SqlLedger) -> None:
    run, other = reserved(ledger, 300), reserved(ledger, 40)
    group = [a_change(run, answered(100)), a_change(other, answered(4)), a_change(run, BURIED)]
    assert list(ledger.commit(group)) == [True, True, False]
    assert stands(ledger) == (0, 104)


def test_a_call_that_costs_nothing_touches_no_account(ledger: SqlLedger) -> None:
    change = a_wish(a_running(ledger), 0)
    assert list(ledger.reserve([change])) == [DONE]
    assert list(ledger.commit([a_change(change.after, answered(0))])) == [True]
    with reading(ledger.engine) as connection:
        assert connection.execute(select(schema.days)).first() is None


def test_an_answer_of_an_older_version_reserves_nothing_and_spends_nothing(
    ledger: SqlLedger,
) -> None:
    move(ledger, a_running(ledger), answered(500))
    assert stands(ledger) == (0, 0)


def test_money_is_reserved_only_where_it_is_looked_at(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    with pytest.raises(ValueError, match="reserve"):
        ledger.commit([a_wish(run, 1)])
    assert ledger.run(run.id) == run
