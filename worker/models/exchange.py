"""What went over the wire for one question: the truth, whatever a library makes of it."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from tasks.errors import TriageError
from tasks.patience import STOOD_STILL_SECONDS
from tasks.ports.model import least_of, nobody_minds

SUCCESS = 2
"""The hundred that every status of a success is in."""


class SecondRequest(Exception):
    """A library wanted to send another request for the same question; it was not sent."""


@dataclass(slots=True)
class Exchange:
    """One request at most, and its answer. The transport fills it in as things happen."""

    timeout_seconds: float
    until: float | None = None  # monotonic: when nobody waits any more
    look: Callable[[], None] = nobody_minds
    held: TriageError | None = None  # what `look` had to say against it; then nothing was sent
    sent: bool = False
    status: int | None = None  # None: no answer came
    headers: Mapping[str, str] = field(default_factory=dict[str, str])  # in any case of letters
    body: bytes = b""  # at most transport.MOST_BYTES of it
    broken: str | None = None  # what became of the line, in a few words: "TimeoutError"
    connected: bool = True  # False: there never was a line, so nothing was asked
    overslept: bool = False  # we stood still when its time was up

    @property
    def succeeded(self) -> bool:
        """An answer came whole, and its status is one of success."""
        return self.status is not None and self.status // 100 == SUCCESS

    def left(self, now: float) -> float:
        """Seconds that the answer may take: what we took ourselves is a part of its timeout."""
        if self.until is None:
            return self.timeout_seconds
        return min(self.timeout_seconds, max(least_of(self.timeout_seconds), self.until - now))

    def time_is_up(self, *, late: float) -> None:
        """We were told so that many seconds after it was."""
        self.overslept = self.overslept or late > STOOD_STILL_SECONDS

    def send(self) -> None:
        """Marks the one request as sent. Raises SecondRequest and what `look` raises."""
        if self.sent or self.held:
            raise SecondRequest
        try:
            self.look()
        except TriageError as error:
            self.held = error  # litellm will make something else of it
            raise
        self.sent = True


CURRENT: ContextVar[Exchange] = ContextVar("exchange")
"""The exchange of the question that this task is asking."""
