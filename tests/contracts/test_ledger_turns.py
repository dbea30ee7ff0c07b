"""Whoever came first begins first; whoever writes again meanwhile keeps turn and place."""

from dataclasses import replace

import pytest

from config.mode import Mode
from tasks.run import State
from tests.contracts.hours import MINUTE, TWO, begins, came, capacity, said
from tests.ledgers import ENRICHED, WAITING, claim_all, move, take_in
from tests.twins.clock import NOON
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger


@pytest.fixture
def limited(ledger: SqlLedger) -> SqlLedger:
    """A ledger whose source may begin two tickets an hour."""
    assert ledger.begin_source(TWO)
    return ledger


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


def test_a_place_that_somebody_may_have_taken_is_nobodys_to_leave_either(
    limited: SqlLedger,
) -> None:
    """By a page that was read a while ago it is not free yet."""
    came(limited, said("T-1"))
    came(limited, said("T-2", at=NOON + HOUR), said("T-3", at=NOON + HOUR))
    assert came(limited, said("T-1", "again", NOON + HOUR - 5)) == [State.WAITING]


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
