"""A ledger on SQLite whose connection goes wrong when it is told to."""

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from threading import Event
from typing import TypeVar

from tasks.errors import LedgerDown
from tasks.ports.ledger import Change, Claim, Claimed, Reserved
from worker.ledgers.sql import SqlLedger

Asked = TypeVar("Asked")
Got = TypeVar("Got")


class Fault(Enum):
    """What becomes of one call."""

    BEFORE = auto()  # the connection is lost, nothing was committed
    AFTER = auto()  # it was committed, and the connection is lost before that is heard
    LATE = auto()  # the connection is lost, and it is committed when the next call comes


class FaultyLedger(SqlLedger):
    """What a group writer asks has the faults in `faults`, one a call, then none any more.

    While it `is_away` no call gets through; while `gate` is not set every group waits there.
    `groups` are the sizes of all groups so far.
    """

    def prepare(self) -> None:
        """Nothing goes wrong yet."""
        self.faults: deque[Fault | None] = deque()
        self.is_away = False
        self.groups: list[int] = []
        self.entered = Event()
        self.gate = Event()
        self.gate.set()
        self._late: Callable[[], object] = lambda: None

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """As it is told."""
        return self._go(super().commit, changes)

    def reserve(self, changes: Sequence[Change]) -> Sequence[Reserved]:
        """As it is told."""
        return self._go(super().reserve, changes)

    def claim(self, claims: Sequence[Claim], at: float) -> Sequence[Claimed | None]:
        """As it is told."""
        return self._go(lambda claims: super(FaultyLedger, self).claim(claims, at), claims)

    def _go(
        self, do: Callable[[Sequence[Asked]], Sequence[Got]], asked: Sequence[Asked]
    ) -> Sequence[Got]:
        self.groups.append(len(asked))
        self.entered.set()
        assert self.gate.wait(timeout=30)
        self._late()
        self._late = lambda: None
        away = Fault.BEFORE if self.is_away else None
        fault = self.faults.popleft() if self.faults else away
        match fault:
            case None:
                return do(asked)
            case Fault.BEFORE:
                pass
            case Fault.AFTER:
                do(asked)
            case Fault.LATE:
                self._late = lambda: do(asked)
        message = "the connection was lost"
        raise LedgerDown(message)
