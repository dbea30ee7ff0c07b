"""How long a stage waits for the models that it asks: whoever waits holds a slot.

A question's timeout counts from when the stage had nothing else to wait for. What the ledger,
guards, money and a library take until the request leaves is a part of it: on a busy machine that
would come on top, and be seconds. A stage that asks more than once (again, another model, a judge)
has the time of two questions for all of them; what it has heard by then is kept, and it goes on
from there in its next slot.
"""

from typing import Protocol

from config.tiers import Tiers
from tasks.errors import OutOfTime
from tasks.ports.clock import Clock
from tasks.ports.model import Question, least_of

QUESTIONS = 2.0
"""Of the longest timeout of any model: one that hangs, and one that stands in for it."""

STOOD_STILL_SECONDS = 2.0
"""By which no event loop is late that merely has much to do: it was frozen, and maybe answered."""

AGAIN_SECONDS = 1.0
"""Until it goes on; others have its slot meanwhile."""


class Patience(Protocol):
    """What one stage of one ticket has left of its time."""

    def until(self, asked: Question) -> float | None:
        """By when its answer has to be there, in monotonic seconds; None: it has all its timeout.

        Raises OutOfTime where the stage has not enough time left to ask it.
        """
        ...

    def heard(self) -> None:
        """An answer has come, or none will: the next question's time begins."""
        ...


class Unhurried:
    """Implements Patience where nobody waits for a slot: what an operator does by hand."""

    def until(self, asked: Question) -> None:
        """All its timeout."""

    def heard(self) -> None:
        """Nothing is counted."""


UNHURRIED = Unhurried()


class Slot:
    """Implements Patience for a stage that holds a slot from now on."""

    __slots__ = ("_clock", "_end", "_since")

    def __init__(self, clock: Clock, tiers: Tiers) -> None:
        self._clock = clock
        self._since = clock.monotonic()
        longest = max(model.timeout_seconds for model in tiers.everyone)
        self._end = self._since + QUESTIONS * longest

    def until(self, asked: Question) -> float:
        """As the port has it."""
        left = self._end - self._clock.monotonic()
        if left < least_of(asked.timeout_seconds):
            message = f"{asked.model} was not asked any more in this slot: the stage's time is up"
            raise OutOfTime(message, dependency=asked.model, retry_after=AGAIN_SECONDS)
        return min(self._since + asked.timeout_seconds, self._end)

    def heard(self) -> None:
        """As the port has it."""
        self._since = self._clock.monotonic()
