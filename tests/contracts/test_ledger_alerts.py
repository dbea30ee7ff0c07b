"""What every ledger keeps of alerts, of guards that are off, and of what happened to the fleet."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.twins.clock import NOON
from worker.ledgers.alerting import Kept
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff

OPEN = Kept(name="breaker:openai", kind="breaker open", text="open", since=NOON, told_at=NOON)
BOTH = {"log": "{}", "webhook": "{}"}
OFF = GuardOff(name="breaker", until=NOON + 60, since=NOON, by="ada", why="a test of ours")


def test_an_alert_is_kept_with_what_is_to_be_told_of_it(ledger: SqlLedger) -> None:
    assert ledger.alerts() == {}
    assert ledger.keep_alert(None, OPEN, BOTH, NOON)
    assert ledger.alerts() == {OPEN.name: OPEN}
    for channel in BOTH:
        telling = ledger.untold(channel)
        assert telling
        assert (telling.channel, telling.tries, telling.due_at) == (channel, 0, NOON)
    assert ledger.untold("smtp") is None


def test_of_two_who_see_the_same_one_tells_it(ledger: SqlLedger) -> None:
    """Both look at the ledger, and then both would begin, go on or end it."""
    over = replace(OPEN, resolved_at=NOON + 9, resolution_told_at=NOON + 70)
    for before, after in ((None, OPEN), (OPEN, over), (over, replace(OPEN, since=NOON + 99))):
        with ThreadPoolExecutor(4) as pool:
            kept = pool.map(lambda _: ledger.keep_alert(before, after, BOTH, NOON), range(4))  # noqa: B023 - used up before the next turn
            assert sorted(kept) == [False, False, False, True]
    told = 0
    while telling := ledger.untold("webhook"):
        ledger.told(telling)
        told += 1
    assert told == 3


def test_a_channel_tells_in_order_and_what_it_could_not_tell_comes_first(ledger: SqlLedger) -> None:
    over = replace(OPEN, resolved_at=NOON + 9, resolution_told_at=NOON + 70)
    ledger.keep_alert(None, OPEN, {"log": "first"}, NOON)
    ledger.keep_alert(OPEN, over, {"log": "second"}, NOON + 70)
    first = ledger.untold("log")
    assert first
    assert first.body == "first"
    ledger.put_off(first, NOON + 100)
    assert ledger.untold("log") == replace(first, tries=1, due_at=NOON + 100)
    ledger.told(first)
    second = ledger.untold("log")
    assert second
    assert second.body == "second"


def test_what_nobody_could_tell_for_long_is_given_up(ledger: SqlLedger) -> None:
    over = replace(OPEN, resolved_at=NOON + 9, resolution_told_at=NOON + 70)
    ledger.keep_alert(None, OPEN, {"gone": "first"}, NOON)
    ledger.keep_alert(OPEN, over, {"gone": "second"}, NOON + 70)
    assert ledger.give_up(NOON - 1) == 0
    assert ledger.give_up(NOON + 60) == 1
    left = ledger.untold("gone")
    assert left
    assert left.body == "second"


def test_a_mark_is_made_once(ledger: SqlLedger) -> None:
    ledger.mark({"answers openai/m m-1", "other"}, NOON)
    ledger.mark({"answers openai/m m-1", "answers openai/m m-2"}, NOON + 5)
    assert ledger.marked("answers ") == {
        "answers openai/m m-1": NOON,
        "answers openai/m m-2": NOON + 5,
    }


def test_a_guard_is_off_until_its_time(ledger: SqlLedger) -> None:
    ledger.switch_off(OFF)
    assert list(ledger.guards_off(NOON + 59)) == [OFF]
    assert list(ledger.guards_off(NOON + 60)) == [], "it is on again by itself"


def test_what_was_said_last_holds(ledger: SqlLedger) -> None:
    ledger.switch_off(OFF)
    again = replace(OFF, until=NOON + 90, since=NOON + 5, by="bob", why="longer")
    ledger.switch_off(again)
    assert list(ledger.guards_off(NOON + 60)) == [again]


def test_who_switched_it_off_and_on_and_why_stays(ledger: SqlLedger) -> None:
    ledger.switch_off(OFF)
    assert ledger.switch_on("breaker", by="bob", at=NOON + 9)
    assert not ledger.switch_on("breaker", by="bob", at=NOON + 10)
    kept = [(one.at, one.kind, one.subject, json.loads(one.body)) for one in ledger.notices(NOON)]
    assert kept == [
        (
            NOON,
            "guard.off",
            "breaker",
            {"by": "ada", "why": "a test of ours", "until": NOON + 60},
        ),
        (NOON + 9, "guard.on", "breaker", {"by": "bob"}),
    ]


def test_that_its_time_was_over_is_noticed_once(ledger: SqlLedger) -> None:
    ledger.switch_off(OFF)
    ledger.switch_off(replace(OFF, name="money", until=NOON + 900))
    assert not ledger.has_expired(NOON + 59)
    assert ledger.has_expired(NOON + 60)
    with ThreadPoolExecutor(3) as pool:
        gone = list(pool.map(lambda _: list(ledger.switch_on_expired(NOON + 61)), range(3)))
    assert sorted(gone, key=len) == [[], [], [OFF]]
    assert not ledger.has_expired(NOON + 61)
    [notice] = ledger.notices(NOON + 1)
    assert (notice.at, notice.kind, notice.subject) == (NOON + 60, "guard.expired", "breaker")
    assert [guard.name for guard in ledger.guards_off(NOON + 61)] == ["money"]
