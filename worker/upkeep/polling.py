"""Polls of sources, of each one at a time."""

from collections.abc import Callable
from math import inf
from threading import Lock

from tasks.errors import RateLimited, SourceDown
from tasks.ports.clock import Clock
from tasks.ports.inbox import Inbox
from worker.guards.polls import NoTurn, PollPace
from worker.helpdesks.asked import before_each_request
from worker.intake import Intake


class Polling:
    """A poll that comes while the last one of its source is under way has nothing to do.

    A helpdesk that is slow would else be asked by more and more of them at once, and be slower. Nor
    has one that comes less than `apart` seconds after the last one began, unless that failed: a
    worker polls when it starts, and beat, which was away as long, does too. What a poll asks a
    helpdesk keeps to the fleet's limit.
    """

    def __init__(
        self,
        intake: Intake,
        inbox_of: Callable[[str], Inbox],
        pace: PollPace,
        *,
        clock: Clock,
        apart: float,
    ) -> None:
        self._intake = intake
        self._pace = pace
        self._inbox_of = inbox_of
        self._clock = clock
        self._apart = apart
        self._turn = Lock()
        self._under_way: set[str] = set()
        self._begun: dict[str, float] = {}  # source -> when its last poll that went well did

    def __call__(self, source: str) -> None:
        """Takes in what came. One that cannot be read is asked again: nothing is lost by that."""
        begun = self._clock.monotonic()
        if not self._begins(source, begun):
            return
        try:
            with before_each_request(self._pace):
                self._intake.poll(self._inbox_of(source))
            self._begun[source] = begun
        except SourceDown as error:
            said = error.__cause__
            if isinstance(said, RateLimited) and not isinstance(said, NoTurn):
                self._pace.told(said)
            self._intake.log.warning("intake.failed", source=source, why=str(error))
        finally:
            with self._turn:
                self._under_way.discard(source)

    def end(self) -> None:
        """No poll waits for its turn any more: this process is ending."""
        self._pace.end()

    def _begins(self, source: str, now: float) -> bool:
        with self._turn:
            if source in self._under_way or now - self._begun.get(source, -inf) < self._apart:
                return False
            self._under_way.add(source)
            return True
