"""How far a source is trusted, and how many of its tickets may begin in an hour."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.journey import fold
from tasks.ports.ledger import Cursor, Source
from tasks.run import Run, State
from tests.ledgers import an_arrival, take_in
from tests.twins.clock import NOON
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger

RT = "rt:https://rt.example.org"
FIRST_DAY = Source(
    name=RT, mode=Mode.SUGGEST, per_hour=3, since=NOON, by="triage-fleet", why="it is new"
)


@pytest.fixture
def limited(ledger: SqlLedger) -> SqlLedger:
    """A ledger whose source may begin three tickets an hour."""
    assert ledger.begin_source(FIRST_DAY)
    return ledger


def came(ledger: SqlLedger, count: int, at: float = NOON, source: str = RT) -> list[Run]:
    """So many new tickets."""
    return take_in(ledger, *(an_arrival(source=source, at=at) for _ in range(count)))


def begun(runs: list[Run]) -> int:
    return sum(run.state is State.QUEUED for run in runs)


def test_a_source_begins_once(ledger: SqlLedger) -> None:
    """Two first polls at once, or the second one after an operator has said otherwise."""
    assert ledger.begin_source(FIRST_DAY)
    assert not ledger.begin_source(replace(FIRST_DAY, mode=Mode.AUTO))
    assert list(ledger.sources()) == [FIRST_DAY]


def test_where_a_source_begins_is_kept_with_it(ledger: SqlLedger) -> None:
    """Also where an operator has said something before its first poll; and once."""
    ledger.set_source(FIRST_DAY)
    for position in ("10", "20"):
        assert not ledger.begin_source(FIRST_DAY, Cursor(source=RT, position=position))
        assert ledger.cursor(RT) == "10"


def test_what_an_operator_says_holds(limited: SqlLedger) -> None:
    said = replace(FIRST_DAY, mode=Mode.AUTO, per_hour=None, by="ada", why="it is good", since=9.0)
    limited.set_source(said)
    assert list(limited.sources()) == [said]
    new = replace(said, name="roundup:here")
    limited.set_source(new)
    assert set(limited.sources()) == {said, new}


def test_as_many_begin_as_their_hour_has_room_for(limited: SqlLedger) -> None:
    runs = came(limited, 5)
    assert [run.state for run in runs] == [State.QUEUED] * 3 + [State.WAITING] * 2
    assert {(run.reason, run.due_at) for run in runs[3:]} == {(WaitReason.CAPPED, None)}
    assert limited.books().balanced
    for run in runs:
        assert fold(limited.events(run.id)) == limited.run(run.id) == run
    assert limited.let_begin(NOON + HOUR - 1, 100) == []
    assert [run.id for run in limited.let_begin(NOON + HOUR, 100)] == [run.id for run in runs[3:]]
    assert begun(came(limited, 2, NOON + HOUR + 1)) == 1, "three in this hour as well"


def test_those_who_came_first_begin_first(limited: SqlLedger) -> None:
    early = came(limited, 5)
    assert begun(came(limited, 1, NOON + HOUR)) == 0, "two stand before it"
    assert [run.id for run in limited.let_begin(NOON + HOUR, 100)][:2] == [r.id for r in early[3:]]


def test_other_sources_have_no_limit(limited: SqlLedger) -> None:
    assert begun(came(limited, 9, source="file:inbox")) == 9


def test_a_message_that_cannot_be_read_takes_nobodys_place(limited: SqlLedger) -> None:
    bad = [an_arrival(source=RT, malformed=("not_json", "it is not")) for _ in range(3)]
    take_in(limited, *bad)
    assert begun(came(limited, 3)) == 3


def test_a_run_in_shadow_takes_nobodys_place(limited: SqlLedger) -> None:
    shadows = [replace(an_arrival(source=RT), mode=Mode.SHADOW) for _ in range(5)]
    runs = take_in(limited, *shadows)
    assert begun(runs) == 5
    assert {run.mode for run in runs} == {Mode.SHADOW}
    assert {run.mode for run in limited.named(runs[0].id)} == {Mode.SHADOW}
    assert begun(came(limited, 3)) == 3


def test_a_limit_that_is_raised_or_lifted_holds_at_once(limited: SqlLedger) -> None:
    came(limited, 9)
    limited.set_source(replace(FIRST_DAY, per_hour=5))
    assert len(limited.let_begin(NOON + 4, 100)) == 2
    limited.set_source(replace(FIRST_DAY, per_hour=1))
    assert limited.let_begin(NOON + 5, 100) == []
    limited.set_source(replace(FIRST_DAY, per_hour=None))
    assert len(limited.let_begin(NOON + 6, 3)) == 3
    assert len(limited.let_begin(NOON + 7, 100)) == 1


def test_whoever_waits_begins_when_every_worker_has_heard_what_holds_now(
    limited: SqlLedger,
) -> None:
    """Else those that an operator has let go would be suggested, as it was a second ago."""
    came(limited, 4)
    limited.set_source(replace(FIRST_DAY, mode=Mode.AUTO, per_hour=None, since=NOON + 60))
    assert limited.let_begin(NOON + 61, 100) == []
    assert len(limited.let_begin(NOON + 64, 100)) == 1


def test_a_clock_that_was_ahead_stops_no_source(limited: SqlLedger) -> None:
    assert begun(came(limited, 3, NOON + 9 * HOUR)) == 3
    assert begun(came(limited, 1, NOON)) == 0, "nor does it give it a second hour"
    assert len(limited.let_begin(NOON + HOUR, 100)) == 1


def test_two_intakes_at_once_have_one_hour_between_them(limited: SqlLedger) -> None:
    def some(_: int) -> int:
        return begun(list(limited.ingest([an_arrival(source=RT)], cursor=None).runs))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(some, range(12))) == 3


def test_what_waits_for_its_hour_is_not_handed_over_nor_due(limited: SqlLedger) -> None:
    came(limited, 5)
    late = NOON + 100 * HOUR
    assert limited.due(late, 100) == []
    older = dict.fromkeys(("basic", "plus", "business"), "z")
    assert len(limited.overdue(older, 100)) == 3
    limited.let_begin(NOON + HOUR, 100)
    assert len(limited.overdue(older, 100)) == 3, "it is old because it had to wait"


def test_a_run_that_is_there_to_be_compared_takes_nothing_over(ledger: SqlLedger) -> None:
    """Its customer has come back while it was read as one that is closed."""
    [live] = take_in(ledger, an_arrival("T-1", says="again", source=RT))
    old = replace(an_arrival("T-1", says="first", source=RT), mode=Mode.SHADOW)
    assert take_in(ledger, old) == []
    assert ledger.run(live.id) == live
