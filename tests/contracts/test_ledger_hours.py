"""In any 60 minutes no more of a source's tickets begin than may, and whoever came first does."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.journey import fold
from tasks.ports.ledger import Arrival, Source
from tasks.run import Run, RunId, State
from tests.ledgers import ENRICHED, WAITING, an_arrival, claim_all, move, sent, take_in
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.ingesting import LOOP_REVISIONS, LOOP_SECONDS
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger

RT = "rt:https://rt.example.org"
MINUTE = 60.0
TWO = Source(name=RT, mode=Mode.AUTO, per_hour=2, since=NOON - HOUR, by="ada", why="it is new")
MANY = 100


@pytest.fixture
def limited(ledger: SqlLedger) -> SqlLedger:
    """A ledger whose source may begin two tickets an hour."""
    assert ledger.begin_source(TWO)
    return ledger


def said(ticket: str, says: str = "first", at: float = NOON) -> Arrival:
    """What that ticket's customer says; the same is the same message."""
    return an_arrival(ticket, says=says, source=RT, at=at)


def came(ledger: SqlLedger, *arrivals: Arrival) -> list[State]:
    """Where each of them is, as soon as all were taken in."""
    return [run.state for run in take_in(ledger, *arrivals)]


def begins(ledger: SqlLedger, at: float, limit: int = MANY) -> list[tuple[str, int]]:
    """Which tickets begin then, in turn, each with the revision that does."""
    return [(run.external_id, run.revision) for run in ledger.let_begin(at, limit)]


def capacity(ledger: SqlLedger, at: float) -> int:
    """How many that are new could begin then. They do."""
    return came(ledger, *(said(f"new-{at}-{n}", at=at) for n in range(9))).count(State.QUEUED)


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


@pytest.mark.parametrize(("ahead", "wait"), [(HOUR / 2, HOUR * 3 / 2), (9 * HOUR, HOUR)])
def test_a_clock_that_was_ahead_costs_an_hour_and_frees_no_place(
    limited: SqlLedger, ahead: float, wait: float
) -> None:
    """By up to an hour it may still be right, and others be behind."""
    assert came(limited, said("T-1", at=NOON + ahead)) == [State.QUEUED]
    assert capacity(limited, NOON) == 1
    assert len(begins(limited, NOON + HOUR)) == (2 if wait == HOUR else 1)
    assert len(begins(limited, NOON + wait)) == (0 if wait == HOUR else 1)


# Those who write again


def test_whoever_writes_again_keeps_their_turn(limited: SqlLedger) -> None:
    """However often, and whoever came meanwhile."""
    came(limited, *(said(f"T-{n}") for n in range(5)))
    came(limited, said("T-2", "again", NOON + 1), said("T-9", at=NOON + 1))
    came(limited, said("T-2", "and again", NOON + 2))
    assert begins(limited, NOON + HOUR) == [("T-2", 3), ("T-3", 1)]
    assert begins(limited, NOON + 2 * HOUR) == [("T-4", 1), ("T-9", 1)]
    assert limited.books().balanced


def test_whoever_writes_again_after_an_answer_stands_behind(limited: SqlLedger) -> None:
    """Else one answer ahead of all would be one for ever."""
    first, _, third = take_in(limited, *(said(f"T-{n}") for n in range(3)))
    [first] = claim_all(limited, first)
    move(limited, first, ENRICHED, WAITING)
    assert came(limited, said("T-0", "again", NOON + MINUTE)) == [State.WAITING]
    came(limited, said(third.external_id, "again", NOON + 2 * MINUTE))
    assert begins(limited, NOON + HOUR) == [(third.external_id, 2), ("T-0", 2)]


def test_a_message_of_no_sense_in_between_costs_nobody_their_turn(limited: SqlLedger) -> None:
    came(limited, *(said(f"T-{n}") for n in range(4)))
    bad = replace(said("T-2", "%&", NOON + 1), malformed=("not_json", "it is not"))
    take_in(limited, bad)
    came(limited, said("T-2", "again", NOON + 2))
    assert begins(limited, NOON + HOUR) == [("T-2", 3), ("T-3", 1)]


def test_what_was_read_to_be_compared_gives_no_turn(limited: SqlLedger) -> None:
    """Its customer did not wait."""
    shadow = replace(said("T-0"), mode=Mode.SHADOW)
    take_in(limited, shadow)
    came(limited, *(said(f"T-{n}", at=NOON + 1) for n in range(1, 4)))
    came(limited, said("T-0", "again", NOON + 2))
    assert begins(limited, NOON + HOUR + 1) == [("T-3", 1), ("T-0", 2)]


def test_one_that_nobody_has_touched_leaves_its_place_to_its_successor(limited: SqlLedger) -> None:
    """It begins at once, and takes the place from then on."""
    came(limited, said("T-1"), said("T-2"), said("T-3"))
    again = NOON + HOUR - MINUTE
    assert came(limited, said("T-1", "again", again)) == [State.QUEUED]
    assert begins(limited, NOON + HOUR) == [("T-3", 1)]
    assert capacity(limited, again + HOUR - 1) == 0
    assert len(begins(limited, again + HOUR)) == 1


def test_one_that_was_claimed_and_had_to_wait_leaves_its_place_as_well(limited: SqlLedger) -> None:
    """A fleet that is paused all day does nothing for anybody."""
    runs = take_in(limited, said("T-1"), said("T-2"))
    for run in claim_all(limited, *runs):
        move(limited, run, WAITING)
    assert came(limited, said("T-1", "again"), said("T-3")) == [State.QUEUED, State.WAITING]


def test_one_that_is_worked_on_takes_its_place_with_it(limited: SqlLedger) -> None:
    [run, _] = take_in(limited, said("T-1"), said("T-2"))
    claim_all(limited, run)
    assert came(limited, said("T-1", "again", NOON + 1)) == [State.WAITING]
    assert begins(limited, NOON + HOUR - 1) == []


def test_a_place_that_is_free_again_is_nobodys_to_leave(limited: SqlLedger) -> None:
    """Then its successor has the first turn, and no more."""
    came(limited, said("T-1"), said("T-2"))
    assert capacity(limited, NOON + HOUR + 1) == 2
    later = NOON + HOUR + 2
    assert came(limited, said("T-1", "again", later)) == [State.WAITING]
    assert begins(limited, NOON + 2 * HOUR + 1, limit=1) == [("T-1", 2)]


def test_whose_place_is_free_again_is_still_before_those_of_the_same_page(
    limited: SqlLedger,
) -> None:
    came(limited, said("T-1"), said("T-2"))
    later = NOON + HOUR
    page = said("T-8", at=later), said("T-9", at=later), said("T-1", "again", later)
    assert came(limited, *page) == [State.QUEUED, State.WAITING, State.QUEUED]


def test_a_whole_history_at_once_takes_one_place(limited: SqlLedger) -> None:
    """As a file brings it: whoever is superseded in its own page takes none."""
    history = [said("T-1", f"words {n}") for n in range(3)]
    states = came(limited, *history, said("T-2"), said("T-3"))
    assert states == [State.DROPPED] * 2 + [State.QUEUED] * 2 + [State.WAITING]


def test_in_a_page_the_turn_is_that_of_a_tickets_first_message(limited: SqlLedger) -> None:
    page = said("T-1"), said("T-2"), said("T-3"), said("T-4"), said("T-1", "again")
    states = came(limited, *page)
    assert states == [State.DROPPED, State.QUEUED, *[State.WAITING] * 2, State.QUEUED]
    came(limited, said("T-4", "again"), said("T-3", "again"))
    assert begins(limited, NOON + HOUR) == [("T-3", 2), ("T-4", 2)]


# Whoever else begins


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
