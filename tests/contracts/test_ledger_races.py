"""What every ledger keeps when several do the same thing at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import update

from tasks.events import Kind
from tasks.ports.ledger import Change, Filter, SealedKey
from tasks.run import Incarnation, Run, State
from tests.ledgers import (
    BURIED,
    ENRICHED,
    a_change,
    a_claim,
    a_queued,
    a_running,
    an_arrival,
    claim_all,
    move,
    take_in,
)
from tests.servers.processes import TwoProcesses, meet
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.engine import connect
from worker.ledgers.ingesting import LOOP_REVISIONS
from worker.ledgers.sql import SqlLedger

MESSAGES = 1_500
BATCH = 500
FORWARD = range(MESSAGES)
BACKWARD = FORWARD[::-1]
Found = TypeVar("Found")


def at_once(*calls: Callable[[], Found]) -> list[Found]:
    """What each gives, all of them begun at the same moment."""
    barrier = Barrier(len(calls))

    def begin(call: Callable[[], Found]) -> Found:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def take_in_all(url: str, order: Sequence[int], meet: Callable[[], object]) -> None:
    """Ticket by ticket in that order, in batches, begun together with somebody else."""
    ledger = SqlLedger(connect(url))
    arrivals = [an_arrival(f"T-{number}", says=f"words {number}") for number in order]
    meet()
    for start in range(0, len(arrivals), BATCH):
        ledger.ingest(arrivals[start : start + BATCH], cursor=None)
    ledger.close()


def _each_is_there_once(url: str) -> bool:
    ledger = SqlLedger(connect(url))
    runs = list(ledger.runs(Filter()))
    books = ledger.books()
    ledger.close()
    assert books.balanced
    assert (books.ingested, books.states[State.QUEUED]) == (MESSAGES, MESSAGES)
    assert {run.revision for run in runs} == {1}
    return len({run.external_id for run in runs}) == MESSAGES


@pytest.mark.parametrize("order", [FORWARD, BACKWARD], ids=["same order", "opposite order"])
def test_two_processes_that_take_in_the_same_messages_take_each_once(
    ledger_url: str, order: range, two_processes: TwoProcesses
) -> None:
    two_processes.run(
        (take_in_all, (ledger_url, FORWARD, meet)), (take_in_all, (ledger_url, order, meet))
    )
    assert _each_is_there_once(ledger_url)


def test_four_threads_that_take_in_the_same_messages_in_any_order_take_each_once(
    ledger_url: str,
) -> None:
    barrier = Barrier(4)
    shuffled = [*FORWARD[::2], *BACKWARD[::2]]
    orders = (FORWARD, BACKWARD, shuffled, shuffled[::-1])
    at_once(*(partial(take_in_all, ledger_url, order, barrier.wait) for order in orders))
    assert _each_is_there_once(ledger_url)


def test_batches_that_meet_in_opposite_order_do_not_lock_each_other_up(ledger: SqlLedger) -> None:
    for attempt in range(10):
        names = [f"T-{attempt}-{number}" for number in range(300)]
        batches = [[an_arrival(name) for name in order] for order in (names, names[::-1])]
        taken = at_once(*(partial(ledger.ingest, batch, cursor=None) for batch in batches))
        assert sum(len(one.runs) for one in taken) == 300
        assert sum(one.known for one in taken) == 300


def test_revisions_that_come_at_once_get_a_number_each(ledger: SqlLedger) -> None:
    batches = [[an_arrival("T-1", says=f"words {n}")] for n in range(LOOP_REVISIONS)]
    at_once(*(partial(ledger.ingest, batch, cursor=None) for batch in batches))
    runs = ledger.named("T-1")
    assert [run.revision for run in runs] == [*range(LOOP_REVISIONS, 0, -1)]
    assert [run.state for run in runs] == [State.QUEUED, *[State.DROPPED] * (LOOP_REVISIONS - 1)]


def test_those_that_make_a_key_for_one_requester_agree_on_it(ledger: SqlLedger) -> None:
    for attempt in range(5):
        names = [f"requester {attempt} {number}" for number in range(1_000)]
        offers = [
            [SealedKey(requester=name, cipher=bytes([maker])) for name in order]
            for maker, order in enumerate([names, names[::-1]] * 2)
        ]
        stands, *others = at_once(*(partial(ledger.keep_keys, offer) for offer in offers))
        assert all(other == stands for other in others)
        assert all(ledger.key(name) == stands[name] for name in names[::100])


def test_of_sixteen_claimers_one_gets_the_run(ledger: SqlLedger) -> None:
    runs = [a_queued(ledger) for _ in range(5)]
    owners = [Incarnation(f"w-{number}") for number in range(16)]
    all_claims = [[a_claim(run, owner) for run in runs] for owner in owners]
    given = at_once(*(partial(ledger.claim, claims, NOON) for claims in all_claims))
    for number, run in enumerate(runs):
        (winner,) = [row[number] for row in given if row[number]]
        assert winner
        assert ledger.run(run.id) == winner.run
        assert winner.run.fence == 1
        assert [event.kind for event in ledger.events(run.id)] == [Kind.INGESTED, Kind.CLAIMED]


def test_of_changes_to_the_same_state_one_is_accepted(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    changes = [a_change(run, ENRICHED) for _ in range(8)]
    accepted = at_once(*(partial(ledger.commit, [change]) for change in changes))
    assert sum(sum(group) for group in accepted) == 1
    assert len(ledger.events(run.id)) == 3


def test_groups_that_meet_in_opposite_order_do_not_lock_each_other_up(ledger: SqlLedger) -> None:
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(64))))
    for _ in range(10):
        forward: list[Change] = [a_change(run, ENRICHED) for run in runs]
        results = at_once(
            partial(ledger.commit, forward),
            partial(ledger.commit, forward[::-1]),
            partial(ledger.commit, [*forward[::2], *forward[1::2]]),
        )
        assert sum(sum(accepted) for accepted in results) == len(runs)
        runs = [change.after for change in forward]


def test_a_message_and_a_worker_meet_at_the_same_run(ledger: SqlLedger) -> None:
    """The new message has taken it over, from under the worker's hands where it came second."""
    for number in range(10):
        (run,) = take_in(ledger, an_arrival(f"T-{number}"))
        newer = an_arrival(f"T-{number}", says="more")
        _, taken = at_once(
            lambda run=run: ledger.claim([a_claim(run)], NOON)[0],  # type: ignore[misc]
            lambda newer=newer: ledger.ingest([newer], cursor=None).superseded,  # type: ignore[misc]
        )
        found = ledger.run(run.id)
        assert found
        assert found.state is State.DROPPED
        assert taken == 1
    assert ledger.books().balanced


def test_of_two_revisions_of_a_ticket_one_is_worked_on(ledger: SqlLedger) -> None:
    """Even where the older one came back past every rule: the others of its group are begun."""
    (older,) = take_in(ledger, an_arrival("T-1"))
    dead = move(ledger, claim_all(ledger, older)[0], BURIED)
    claim_all(ledger, *take_in(ledger, an_arrival("T-1", says="more")))
    back, other = _forced_back(ledger, dead), a_queued(ledger)
    first, second = ledger.claim([a_claim(back), a_claim(other)], NOON)
    assert first is None
    assert second is not None


def _forced_back(ledger: SqlLedger, dead: Run) -> Run:
    """Queued again past every rule, by a hand in the table."""
    with ledger.engine.begin() as connection:
        connection.execute(
            update(schema.runs).where(schema.runs.c.id == dead.id).values(state="queued")
        )
    found = ledger.run(dead.id)
    assert found
    return found


@pytest.mark.parametrize("before", [0, 1], ids=["that nobody ever had", "whose holder is gone"])
def test_of_those_who_take_a_role_one_has_it(ledger: SqlLedger, before: int) -> None:
    if before:
        assert ledger.take_role("reaper", Incarnation("gone"), 0)
    takers = [Incarnation(f"w-{number}") for number in range(8)]
    won = at_once(*(partial(ledger.take_role, "reaper", taker, before) for taker in takers))
    assert sum(won) == 1
    assert ledger.holder("reaper") == (takers[won.index(True)], before + 1)
