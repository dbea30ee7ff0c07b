"""A source is polled once at a time, however slow it is and however often beat asks."""

from threading import Event, Thread
from typing import Any, cast

import pytest

from tasks.errors import SourceDown
from tests.acceptance.patience import until
from worker.telemetry.log import Log
from worker.upkeep.polling import Polling


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
def poll(intake: SlowIntake) -> Polling:
    return Polling(cast("Any", intake), cast("Any", lambda source: source))


def test_a_poll_that_comes_too_early_is_left_out(intake: SlowIntake, poll: Polling) -> None:
    first = Thread(target=poll, args=("rt",))
    first.start()
    until(lambda: intake.polled == ["rt"])
    poll("rt")
    assert intake.polled == ["rt"]
    intake.goes_on.set()
    poll("file")
    first.join()
    poll("rt")
    assert intake.polled == ["rt", "file", "rt"]


def test_one_that_failed_is_polled_again(intake: SlowIntake, poll: Polling) -> None:
    intake.fails = True
    poll("rt")
    poll("rt")
    assert intake.polled == ["rt", "rt"]
