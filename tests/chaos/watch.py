"""What is looked at all the time: books, messages, and how soon a dead worker's runs go on."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from tasks.accounts import day_of
from tasks.errors import LedgerDown
from tasks.ports.ledger import Books
from tasks.run import State
from tests.chaos.arena import Arena
from tests.chaos.nemesis import Fallen, Nemesis
from tests.chaos.script import CANARY, SECRET
from tests.chaos.verdict_on_money import is_overspent
from worker.ledgers import schema
from worker.ledgers.accounting import Account
from worker.ledgers.engine import reading

EVERY = 0.25
BOOKS_EVERY = 4  # of those looks
MESSAGES_EVERY = 12
SECRETS = (CANARY.encode(), SECRET.encode())


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """One run that a dead worker had. `seconds` until somebody else had it, or it needed nobody.

    `at`: seconds of the storm, when the worker died. `fair`: ledger and broker were there all the
    while.
    """

    run: str
    at: float
    seconds: float
    fair: bool


@dataclass(kw_only=True)
class Watch:
    """A thread that looks, and what it saw."""

    arena: Arena
    nemesis: Nemesis
    books: Books | None = None
    unbalanced: list[str] = field(default_factory=list)
    overspent: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    recovered: list[Recovered] = field(default_factory=list)
    looks: int = 0
    _money: dict[str, Account] = field(default_factory=dict)  # by scope, as they stood last
    _seen: int = 0  # of the nemesis' fallen
    _pending: dict[str, tuple[Fallen, int]] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to look."""
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        turn = 0
        while not self._stopped.wait(EVERY):
            turn += 1
            with suppress(LedgerDown):
                self._look_for_fallen()
                if turn % BOOKS_EVERY == 0:
                    self._look_at_books()
            if turn % MESSAGES_EVERY == 0:
                self._look_at_messages()

    def _look_at_books(self) -> None:
        self.books = self.arena.place.shop.ledger.books()
        self.looks += 1
        self._look_at_money()
        if not self.books.balanced:
            self.unbalanced.append(f"at {self.nemesis.now:.1f}: {self.books}")

    def _look_at_money(self) -> None:
        for account in self.arena.place.shop.ledger.accounts(day_of(time.time())):
            if is_overspent(self._money.get(account.scope), account):
                self.overspent.append(f"at {self.nemesis.now:.1f}: {account}")
            self._money[account.scope] = account

    def _look_at_messages(self) -> None:
        for raw in self.arena.broker.messages():
            if any(secret in raw for secret in SECRETS):
                self.leaked.append(raw.decode(errors="replace")[:300])

    def _look_for_fallen(self) -> None:
        for fallen in self.nemesis.fallen[self._seen :]:
            self._pending |= {run: (fallen, fence) for run, fence in fallen.held.items()}
            self._seen += 1
        if not self._pending:
            return
        runs = schema.runs.c
        query = select(runs.id, runs.fence, runs.state).where(runs.id.in_(list(self._pending)))
        with reading(self.arena.place.shop.ledger.engine) as connection:
            rows = connection.execute(query).all()
        now = self.nemesis.now
        over = (State.WRITTEN, State.IN_REVIEW, State.DEAD, State.DROPPED, State.WAITING)
        for run, fence, state in rows:
            fallen, before = self._pending[run]
            if fence > before or state in over:
                del self._pending[run]
                fair = self._was_fair(fallen, now)
                self.recovered.append(
                    Recovered(run=run, at=fallen.at, seconds=now - fallen.at, fair=fair)
                )

    def _was_fair(self, fallen: Fallen, until: float) -> bool:
        """Whether nothing else was wrong meanwhile, and somebody was there to take it."""
        troubled = any(
            begun < until and ended > fallen.at - 1 for begun, ended in self.nemesis.troubles
        )
        others = [one for one in self.nemesis.fallen if abs(one.at - fallen.at) < TOGETHER]
        return not troubled and len(others) == 1


ENOUGH = 100
"""Runs in dead hands, for a p99 to say something."""

TOGETHER = 12.0
"""Seconds between two kills: in less, the one may have killed who was to take over."""


def percentile(values: list[float], share: float) -> float | None:
    """The nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def wait(seconds: float) -> None:
    """A little."""
    time.sleep(seconds)
