"""Tells whoever wants to count a helpdesk's requests, or to hold them back, before each is sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tasks.ports.model import nobody_minds

_before: ContextVar[Callable[[], None] | None] = ContextVar("before_each_request", default=None)


def sending() -> None:
    """Called before each request. Raises what whoever is asked first raises."""
    if do := _before.get():
        do()


@contextmanager
def before_each_request(do: Callable[[], None]) -> Iterator[None]:
    """Has that done within, in each thread that takes this context with it."""
    token = _before.set(do)
    try:
        yield
    finally:
        _before.reset(token)


@dataclass(slots=True)
class Asked:
    """As many as were sent so far."""

    look: Callable[[], None]
    requests: int = 0

    def __call__(self) -> None:
        if not self.requests:
            self.look()
        self.requests += 1


@contextmanager
def counted(look: Callable[[], None] = nobody_minds) -> Iterator[Asked]:
    """Counts those that are sent within. `look`, before the first, raises what is against them.

    Not before a later one: half of a call would have been sent.
    """
    asked = Asked(look)
    with before_each_request(asked):
        yield asked
