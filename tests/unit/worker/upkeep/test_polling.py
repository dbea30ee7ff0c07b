"""A source is polled once at a time, however slow it is and however often beat asks."""

from threading import Event, Thread
from typing import Any, cast

import pytest

from tasks.errors import SourceDown
from tests.acceptance.patience import until
from tests.twins.clock import StillClock
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


@pytest.fixture
def intake() -> SlowIntake:
    return SlowIntake()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def poll(intake: SlowIntake, clock: StillClock) -> Polling:
    inbox_of = cast("Any", lambda source: source)
    return Polling(cast("Any", intake), inbox_of, clock=clock, apart=APART)


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
