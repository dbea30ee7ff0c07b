"""A source is polled once at a time, however slow it is and however often beat asks."""

from threading import Event, Thread
from typing import Any, cast

import pytest

from tasks.errors import RateLimited, SourceDown
from tests.acceptance.patience import until
from tests.twins.clock import StillClock
from worker.guards.polls import NoTurn
from worker.helpdesks.asked import sending
from worker.telemetry.log import Log
from worker.upkeep.polling import Polling

APART = 15.0


class SlowIntake:
    """Takes as long as somebody wants it to."""

    def __init__(self) -> None:
        self.log = Log("test")
        self.polled: list[str] = []
        self.goes_on = Event()
        self.fails = False

    def poll(self, inbox: str) -> None:
        self.polled.append(inbox)
        if self.fails:
            raise SourceDown("it is away")
        self.goes_on.wait(10)


class Pace:
    """Keeps whom a poll was told to slow down by, and whether nobody waits any more."""

    def __init__(self) -> None:
        self.asked = 0
        self.told_: list[float | None] = []
        self.ended = False

    def __call__(self) -> None:
        self.asked += 1

    def told(self, error: RateLimited) -> None:
        self.told_.append(error.retry_after)

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def intake() -> SlowIntake:
    return SlowIntake()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def pace() -> Pace:
    return Pace()


@pytest.fixture
def poll(intake: SlowIntake, pace: Pace, clock: StillClock) -> Polling:
    inbox_of = cast("Any", lambda source: source)
    return Polling(cast("Any", intake), inbox_of, cast("Any", pace), clock=clock, apart=APART)


def test_a_poll_that_comes_too_early_is_left_out(
    intake: SlowIntake, poll: Polling, clock: StillClock
) -> None:
    first = Thread(target=poll, args=("rt",))
    first.start()
    until(lambda: intake.polled == ["rt"])
    poll("rt")
    assert intake.polled == ["rt"]
    intake.goes_on.set()
    poll("file")
    first.join()
    clock.at += APART
    poll("rt")
    assert intake.polled == ["rt", "file", "rt"]


def test_what_a_start_asks_beat_does_not_ask_once_more(
    intake: SlowIntake, poll: Polling, clock: StillClock
) -> None:
    """A worker polls when it starts, and so does a beat that was away for a while."""
    intake.goes_on.set()
    poll("rt")
    clock.at += APART - 1
    poll("rt")
    assert intake.polled == ["rt"]
    clock.at += 1
    poll("rt")
    assert intake.polled == ["rt", "rt"]


def test_one_that_failed_is_polled_again(intake: SlowIntake, poll: Polling) -> None:
    intake.fails = True
    poll("rt")
    poll("rt")
    assert intake.polled == ["rt", "rt"]


def test_requests_of_a_poll_keep_to_the_pace_and_a_word_of_the_helpdesks_is_passed_on(
    intake: SlowIntake, pace: Pace, poll: Polling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_inbox: str) -> None:
        sending()
        raise SourceDown("rt: 429") from RateLimited("429", retry_after=7.0)

    monkeypatch.setattr(intake, "poll", busy)
    poll("rt")
    assert (pace.asked, pace.told_) == (1, [7.0])

    def too_many(_inbox: str) -> None:
        raise SourceDown("rt: no turn") from NoTurn("no turn", retry_after=124.0)

    monkeypatch.setattr(intake, "poll", too_many)
    poll("rt")
    assert pace.told_ == [7.0], "our own limit is no word of the helpdesk's: it would close for all"
    sending()
    assert pace.asked == 1
    poll.end()
    assert pace.ended
