"""What could not be told is told later, in order, and no channel waits for another."""

import logging
from dataclasses import replace

import pytest

from config.alerts import AlertKind
from tests.twins.clock import NOON, StillClock
from worker.alerts.alert import Alert
from worker.alerts.channel import Channel, Message, State, Undelivered
from worker.alerts.post import KEPT_SECONDS, MOST_SECONDS, Post
from worker.ledgers.alerting import Kept
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log


class Ear:
    """Implements Channel: hears everything, unless it is deaf."""

    def __init__(self, name: str, kinds: tuple[AlertKind, ...] = ()) -> None:
        self.name = name
        self.kinds = kinds
        self.heard: list[str] = []
        self.tries = 0
        self.trouble: Exception | None = None

    def tell(self, message: Message) -> None:
        self.tries += 1
        if self.trouble:
            raise self.trouble
        self.heard.append(message.alert.name)


def a_post(ledger: SqlLedger, clock: StillClock, *channels: Channel) -> Post:
    return Post(channels, ledger, clock, runbook="runbook.md", log=Log("test"))


def say(ledger: SqlLedger, post: Post, *names: str) -> None:
    for place, name in enumerate(names):
        alert = Alert(kind=AlertKind.GUARD_OFF, name=name, text="off", since=NOON)
        message = Message(id="", state=State.RAISED, alert=alert, at=NOON, runbook="runbook.md")
        kept = Kept(name=name, kind=alert.kind, text="off", since=NOON, told_at=NOON)
        ledger.keep_alert(None, kept, post.addressed(message), NOON - 100 + place)


def always() -> bool:
    return True


def test_each_channel_hears_what_it_wants_to_in_order(ledger: SqlLedger, clock: StillClock) -> None:
    every, some = Ear("log"), Ear("smtp", kinds=(AlertKind.BROKER_DOWN,))
    post = a_post(ledger, clock, every, some)
    say(ledger, post, "a", "b", "c")
    post.deliver(always)
    post.deliver(always)
    assert (every.heard, some.heard) == (["a", "b", "c"], [])


def test_a_channel_that_is_away_holds_up_nobody_and_hears_all_when_it_is_back(
    ledger: SqlLedger, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    away, there = Ear("webhook"), Ear("log")
    post = a_post(ledger, clock, away, there)
    away.trouble = Undelivered("it answered 503")
    say(ledger, post, "a", "b")
    with caplog.at_level(logging.WARNING):
        post.deliver(always)
    assert there.heard == ["a", "b"]
    assert "alert.undelivered" in caplog.text
    away.trouble = None
    post.deliver(always)
    assert (away.tries, away.heard) == (1, []), "not before its time"
    clock.at += 5
    post.deliver(always)
    assert away.heard == ["a", "b"]


def test_it_is_tried_ever_more_rarely_and_never_more_rarely_than_that(
    ledger: SqlLedger, clock: StillClock
) -> None:
    ear = Ear("webhook")
    post = a_post(ledger, clock, ear)
    ear.trouble = Undelivered("no answer")
    say(ledger, post, "a", "b")
    for _ in range(2 * 720):
        post.deliver(always)
        clock.at += 5
    # 5, 10, 20 … 300 s apart, and for the rest of two hours every 300 s.
    assert 7_200 / MOST_SECONDS - 3 < ear.tries < 7_200 / MOST_SECONDS + 7
    ear.trouble = None
    clock.at += MOST_SECONDS
    post.deliver(always)
    assert ear.heard == ["a", "b"]


def test_a_bug_in_a_channel_is_no_end_of_the_others(ledger: SqlLedger, clock: StillClock) -> None:
    broken, there = Ear("webhook"), Ear("log")
    broken.trouble = ZeroDivisionError()
    post = a_post(ledger, clock, broken, there)
    say(ledger, post, "a")
    post.deliver(always)
    assert there.heard == ["a"]
    broken.trouble = None
    clock.at += 5
    post.deliver(always)
    assert broken.heard == ["a"]


def test_whoever_may_no_longer_tells_nothing(ledger: SqlLedger, clock: StillClock) -> None:
    """It was frozen meanwhile, and another one has the role."""
    ear, leave = Ear("log"), [True]
    post = a_post(ledger, clock, ear)
    say(ledger, post, "a", "b")
    post.deliver(lambda: bool(leave) and leave.pop())
    assert ear.heard == ["a"]


def test_what_a_newer_version_has_left_is_passed_over(ledger: SqlLedger, clock: StillClock) -> None:
    ear = Ear("log")
    post = a_post(ledger, clock, ear)
    kept = Kept(name="x", kind="comet seen", text="x", since=NOON, told_at=NOON)
    for place, body in enumerate(('{"alert": {"kind": "comet seen"}}', "{}", "not json")):
        ledger.keep_alert(None, replace(kept, name=f"x{place}"), {"log": body}, NOON)
    say(ledger, post, "a")
    post.deliver(always)
    assert ear.heard == ["a"]


def test_what_nobody_took_for_a_week_is_given_up(ledger: SqlLedger, clock: StillClock) -> None:
    ear = Ear("webhook")
    ear.trouble = Undelivered("no answer")
    post = a_post(ledger, clock, ear)
    say(ledger, post, "a")
    clock.at += KEPT_SECONDS
    post.deliver(always)
    ear.trouble = None
    post.deliver(always)
    assert (ledger.untold("webhook"), ear.heard) == (None, [])
