"""What operators hold open, and what happened to the fleet, on both databases."""

from dataclasses import replace

from tests.twins.clock import NOON
from worker.ledgers.noticing import Notice
from worker.ledgers.sql import SqlLedger
from worker.ledgers.tripping import Trip

TRIP = Trip(name="openai", since=NOON, by="ada", why="their bill is wrong")
NOTICE = Notice(id="n-1", at=NOON, kind="breaker.tripped", subject="openai", body="{}")


def test_a_trip_is_there_until_it_is_lifted(ledger: SqlLedger) -> None:
    assert ledger.trip(TRIP, NOTICE)
    assert list(ledger.trips()) == [TRIP]
    lifted = replace(NOTICE, id="n-2", at=NOON + 1, kind="breaker.reset")
    assert ledger.untrip("openai", lifted)
    assert list(ledger.trips()) == []
    assert list(ledger.notices()) == [NOTICE, lifted]


def test_the_first_trip_stands_and_the_second_is_no_news(ledger: SqlLedger) -> None:
    """Who tripped it first, and why, is what has to be known before it is lifted."""
    ledger.trip(TRIP, NOTICE)
    assert not ledger.trip(replace(TRIP, by="bob"), replace(NOTICE, id="n-2"))
    assert (list(ledger.trips()), list(ledger.notices())) == ([TRIP], [NOTICE])


def test_a_reset_of_what_was_not_tripped_is_noticed_all_the_same(ledger: SqlLedger) -> None:
    """It closes a breaker that had opened by itself."""
    assert not ledger.untrip("openai", NOTICE)
    assert list(ledger.notices()) == [NOTICE]


def test_a_notice_is_kept_once_whoever_brings_it(ledger: SqlLedger) -> None:
    """Four processes may find the same thing at the same time."""
    ledger.notice([NOTICE, replace(NOTICE, id="n-0", at=NOON - 1)])
    ledger.notice([replace(NOTICE, body='{"by": "another"}'), NOTICE])
    assert [one.id for one in ledger.notices()] == ["n-0", "n-1"]
    assert list(ledger.notices(since=NOON)) == [NOTICE]
