"""In any 60 minutes no more of a source's tickets begin than may, whoever lets them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from tasks.causes import WaitReason
from tasks.journey import fold
from tasks.run import Run, RunId, State
from tests.contracts.hours import MANY, MINUTE, TWO, begins, came, capacity, said
from tests.ledgers import move, sent, take_in
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.ingesting import LOOP_REVISIONS, LOOP_SECONDS
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger


@pytest.fixture
def limited(ledger: SqlLedger) -> SqlLedger:
    """A ledger whose source may begin two tickets an hour."""
    assert ledger.begin_source(TWO)
    return ledger


def test_around_no_moment_more_begin_than_in_an_hour(limited: SqlLedger) -> None:
    """An hour has no edge: a place is free an hour after it was taken, and no sooner."""
    assert came(limited, said("T-1", at=NOON)) == [State.QUEUED]
    late = NOON + HOUR - MINUTE
    assert came(limited, *(said(f"T-{n}", at=late) for n in (2, 3, 4))) == [
        State.QUEUED,
        State.WAITING,
        State.WAITING,
    ]
    assert begins(limited, NOON + HOUR - 1) == []
    assert begins(limited, NOON + HOUR) == [("T-3", 1)]
    assert begins(limited, late + HOUR - 1) == []
    assert begins(limited, late + HOUR) == [("T-4", 1)]


def test_whoever_may_begin_has_begun(limited: SqlLedger) -> None:
    """Its place and its state are one transaction: nobody can die between them."""
    run = take_in(limited, *(said(f"T-{n}") for n in range(3)))[2]
    [begun] = limited.let_begin(NOON + HOUR, MANY)
    assert (begun.id, begun.state, begun.send_n) == (run.id, State.QUEUED, 2)
    assert begun.sent_at == NOON + HOUR
    assert fold(limited.events(run.id)) == limited.run(run.id) == begun
    assert limited.let_begin(NOON + HOUR, MANY) == []


def test_another_limit_looks_back_as_well(limited: SqlLedger) -> None:
    """Whatever it was meanwhile."""
    came(limited, *(said(f"T-{n}") for n in range(9)))
    limited.set_source(replace(TWO, per_hour=3))
    assert begins(limited, NOON + MINUTE) == [("T-2", 1)]
    limited.set_source(replace(TWO, per_hour=1))
    assert begins(limited, NOON + HOUR) == []
    limited.set_source(replace(TWO, per_hour=None))
    assert len(begins(limited, NOON + HOUR, limit=3)) == 3
    assert len(begins(limited, NOON + HOUR)) == 3
    assert came(limited, said("T-10")) == [State.QUEUED]


def test_a_page_that_was_read_a_while_ago_counts_as_of_then(limited: SqlLedger) -> None:
    """Somebody has looked in between, for whom those who had begun were an hour ago."""
    came(limited, said("T-1"), said("T-2"), said("T-3"))
    assert begins(limited, NOON + HOUR + 5) == [("T-3", 1)]
    assert capacity(limited, NOON + HOUR - 5) == 0


def test_a_page_that_was_read_a_while_ago_takes_no_place_back_in_time(limited: SqlLedger) -> None:
    came(limited, said("T-0", at=NOON))
    came(limited, said("T-1", at=NOON + HOUR), said("T-2", at=NOON + HOUR))
    came(limited, said("T-1", "again", NOON + HOUR - 5))
    assert capacity(limited, NOON + 2 * HOUR - 1) == 0
    assert len(begins(limited, NOON + 2 * HOUR - 1)) == 0


@pytest.mark.parametrize(("ahead", "wait"), [(HOUR / 2, HOUR * 3 / 2), (9 * HOUR, HOUR)])
def test_a_clock_that_was_ahead_costs_an_hour_and_frees_no_place(
    limited: SqlLedger, ahead: float, wait: float
) -> None:
    """By up to an hour it may still be right, and others be behind."""
    assert came(limited, said("T-1", at=NOON + ahead)) == [State.QUEUED]
    assert capacity(limited, NOON) == 1
    assert len(begins(limited, NOON + HOUR)) == (2 if wait == HOUR else 1)
    assert len(begins(limited, NOON + wait)) == (0 if wait == HOUR else 1)


def a_loop(ledger: SqlLedger) -> Run:
    """A ticket that gets more messages than people write; it is quiet from its `due_at` on."""
    for number in range(LOOP_REVISIONS):
        take_in(ledger, said("T-1", f"words {number}"))
    [looping] = take_in(ledger, said("T-1", "and again"))
    assert looping.reason == WaitReason.LOOP
    return looping


def test_a_ticket_that_is_quiet_again_takes_a_place(limited: SqlLedger) -> None:
    """And stands in line before, where there is none; it is no loop any more."""
    looping = a_loop(limited)
    quiet_at = NOON + LOOP_SECONDS
    assert came(limited, said("T-2"), said("T-3"), said("T-4")).count(State.WAITING) == 1
    assert limited.due(quiet_at, MANY) == []
    assert begins(limited, quiet_at - 1) == []
    assert begins(limited, quiet_at) == []
    parked = limited.run(looping.id)
    assert parked
    assert (parked.state, parked.reason) == (State.WAITING, WaitReason.CAPPED)
    assert fold(limited.events(looping.id)) == parked
    assert begins(limited, NOON + HOUR) == [("T-1", LOOP_REVISIONS + 1), ("T-4", 1)]
    assert capacity(limited, NOON + 2 * HOUR - 1) == 0
    older = dict.fromkeys(("basic", "plus", "business"), "z")
    handed = {run.external_id for run in limited.overdue(older, MANY)}
    assert handed == {"T-2", "T-3"}, "the others are old because they had to wait"


def test_a_ticket_that_is_quiet_again_begins_at_once_where_there_is_room(
    limited: SqlLedger,
) -> None:
    looping = a_loop(limited)
    assert begins(limited, NOON + LOOP_SECONDS) == [("T-1", looping.revision)]
    assert capacity(limited, NOON + LOOP_SECONDS) == 1


def test_without_a_limit_a_ticket_that_is_quiet_again_is_due(limited: SqlLedger) -> None:
    limited.set_source(replace(TWO, per_hour=None))
    looping = a_loop(limited)
    assert [run.id for run in limited.due(NOON + LOOP_SECONDS, MANY)] == [looping.id]
    assert limited.let_begin(NOON + LOOP_SECONDS, MANY) == []


def test_one_that_an_operator_lets_begin_takes_a_place(limited: SqlLedger) -> None:
    """Whether there is one: others wait for longer by that."""
    came(limited, said("T-1", at=NOON - MINUTE), said("T-2", at=NOON - MINUTE))
    one, *_ = take_in(limited, said("T-3"), said("T-4"), said("T-5"))
    begun = replace(one, state=State.QUEUED, changed_at=NOON)
    limited.begin_out_of_turn([begun])
    move(limited, one, sent(one))
    assert begins(limited, NOON + HOUR - MINUTE) == [("T-4", 1)]
    assert begins(limited, NOON + HOUR - 1) == []
    assert begins(limited, NOON + HOUR) == [("T-5", 1)]


def test_a_source_without_a_limit_leaves_no_trace_and_is_asked_once(ledger: SqlLedger) -> None:
    asked: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *say: asked.append(say[2]))
    came(ledger, said("T-1"), said("T-2"))
    came(ledger, said("T-1", "again"))
    assert sum("FROM sources" in statement for statement in asked) == 2
    assert not any("marks" in statement for statement in asked)
    assert begins(ledger, NOON + HOUR) == []


def test_many_at_once_have_one_hour_between_them(limited: SqlLedger) -> None:
    """Intakes, customers who write again, and whoever lets others begin."""
    take_in(limited, *(said(f"T-{n}", at=NOON) for n in range(12)))
    now = NOON + HOUR

    def some(number: int) -> Sequence[RunId]:
        if number % 3 == 0:
            return [run.id for run in limited.let_begin(now, MANY)]
        again = said(f"T-{number}", "again", now), said(f"new-{number}", at=now)
        return [run.id for run in take_in(limited, *again) if run.state is State.QUEUED]

    with ThreadPoolExecutor(4) as pool:
        begun = [one for some_begun in pool.map(some, range(12)) for one in some_begun]
    assert len(begun) == len(set(begun))
    queued = [limited.run(one) for one in begun]
    assert sum(run is not None and run.state is State.QUEUED for run in queued) == 2
    assert limited.books().balanced


def test_places_do_not_pile_up(limited: SqlLedger) -> None:
    for hour in range(9):
        assert came(limited, said(f"T-{hour}", at=NOON + hour * HOUR)) == [State.QUEUED]
    with limited.engine.begin() as connection:
        assert len(list(connection.execute(select(schema.marks.c.name)))) <= 3
