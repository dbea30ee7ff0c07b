"""The state machine: pybreaker's, through its extension points.

As it comes it asks Redis before every call, counts failures in a row, lets everybody through while
it is half-open, and takes a flushed key for a closed breaker. So its states and their changes are
used. What it counts and where it keeps that is ours: its counter is the share of failures over a
window. Who may call is decided before, and how a call ended is told to it after.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerListener,
    CircuitBreakerState,
    CircuitBreakerStorage,
)

from worker.guards.rule import PARTS, Rule
from worker.guards.window import Window

__all__ = ["STATE_CLOSED", "STATE_HALF_OPEN", "STATE_OPEN", "Machine"]


class Machine:
    """Opens, half-opens, closes. `changed` hears of it (before, after), unless it is told to."""

    def __init__(self, window: Window, rule: Rule, changed: Callable[[str, str], None]) -> None:
        self._storage = _Storage(window, at_once=rule.at_once)
        self._window = window
        self._ear = _Ear(changed)
        self._breaker = CircuitBreaker(
            fail_max=rule.parts,
            state_storage=self._storage,
            listeners=[self._ear],
            throw_new_error_on_trip=False,
        )

    @property
    def state(self) -> str:
        """By pybreaker's names."""
        return self._storage.state

    def succeed(self) -> None:
        """A call was well. That of a probe is the end of the old window, and not in the new one."""
        if self.state == STATE_CLOSED:
            self._window.add(success=True)
        self._breaker.call(_nothing)

    def fail(self, *, after_all: bool = False) -> None:
        """A call has failed; `after_all`: one that was taken to be well before."""
        self._storage.after_all = after_all
        with suppress(_Failed):
            self._breaker.call(_fail)

    def open(self) -> None:
        """Too many calls have failed, whoever made them."""
        self._breaker.open()

    def take_over(self, state: str) -> None:
        """A state that is no change of ours."""
        self._ear.is_covered = True
        try:
            self._storage.state = state
            assert self._breaker.state.name == state  # noqa: S101 - it looks at the storage now
        finally:
            self._ear.is_covered = False


class _Storage(CircuitBreakerStorage):
    """Where pybreaker looks whether to open."""

    def __init__(self, window: Window, *, at_once: bool) -> None:
        super().__init__("window")
        self._window = window
        self._at_once = at_once
        self._state = STATE_CLOSED
        self.after_all = False

    @property
    def state(self) -> str:
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state

    def increment_counter(self) -> None:
        """One call has failed."""
        if not self._at_once:
            self._window.add(success=False, soon=self.after_all)

    def reset_counter(self) -> None:
        """A success forgives nothing: it is counted."""

    @property
    def counter(self) -> int:
        """The share of failures in ten-thousandths."""
        return PARTS if self._at_once else self._window.failing()

    @property
    def success_counter(self) -> int:
        """One successful probe closes it."""
        return 1

    @property
    def opened_at(self) -> datetime | None:
        """Never: pybreaker's timeout has whole seconds, and is not asked for."""
        return None

    @opened_at.setter
    def opened_at(self, datetime: datetime) -> None:
        pass


class _Ear(CircuitBreakerListener):
    """Hears what the state machine does."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self.is_covered = False

    def state_change(
        self,
        cb: CircuitBreaker,  # noqa: ARG002 - pybreaker's
        old_state: CircuitBreakerState | None,
        new_state: CircuitBreakerState,
    ) -> None:
        if old_state and not self.is_covered:
            self._changed(old_state.name, new_state.name)


class _Failed(Exception):
    """How pybreaker is told that a call has failed."""


def _nothing() -> None:
    """A call that was well."""


def _fail() -> NoReturn:
    raise _Failed
