"""A fault: a name, what it does in a line, and the function that does it."""

from collections.abc import Callable
from dataclasses import dataclass

from worker.simulator.answer import Answer
from worker.simulator.turn import Turn

Play = Callable[[Turn], Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is played is told by the name."""

    name: str
    does: str
    play: Play
