"""What breakers have to do with the ledger: changes are written there, and trips are read.

In a thread of its own: a ledger that is away delays neither calls nor what processes tell others.
"""

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from tasks.errors import LedgerDown
from worker.guards.passing import Change
from worker.ledgers.noticing import Notice
from worker.ledgers.tripping import Trip
from worker.telemetry.log import Log

LOOK_SECONDS = 1.0
MOST_NOTICES = 1_000  # that wait for a ledger which is away; then the oldest are let go of


class NoticeBook(Protocol):
    """The part of the ledger that is written and read here. Raises LedgerDown."""

    def notice(self, notices: Sequence[Notice]) -> None: ...

    def trips(self) -> Sequence[Trip]: ...


class Scribe:
    """Writes notices, each once in the whole fleet, and knows what operators have tripped."""

    def __init__(self, book: NoticeBook, log: Log) -> None:
        self.trips: Mapping[str, Trip] = {}  # replaced as a whole
        self._book = book
        self._log = log
        self._waiting: deque[Notice] = deque(maxlen=MOST_NOTICES)
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="breaker-scribe", daemon=True)

    def start(self) -> None:
        """Begins; trips are known when it returns, where the ledger answers."""
        with suppress(LedgerDown):
            self.look()
        self._thread.start()

    def stop(self) -> None:
        """Ends when everything is written that the ledger takes."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def write(self, notice: Notice) -> None:
        """Has it written soon."""
        self._waiting.append(notice)
        self._wake.set()

    def look(self) -> None:
        """Hears what is tripped, and writes what waits. Raises LedgerDown."""
        while self._waiting:
            some = list(self._waiting)
            self._book.notice(some)
            for _ in some:
                self._waiting.popleft()
        heard = {trip.name: trip for trip in self._book.trips()}
        for name in heard.keys() - self.trips.keys():
            self._log.warning("breaker.tripped", breaker=name, by=heard[name].by)
        for name in self.trips.keys() - heard.keys():
            self._log.info("breaker.untripped", breaker=name)
        self.trips = heard

    def _work(self) -> None:
        while not self._ending:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            try:
                self.look()
            except LedgerDown:
                self._log.warning("breaker.ledger_down", waiting=len(self._waiting))
                threading.Event().wait(LOOK_SECONDS)
            except Exception as error:  # noqa: BLE001 - a bug here must not end the looking
                self._log.error("breaker.bug", error=type(error).__name__)
                threading.Event().wait(LOOK_SECONDS)


def notice_of(change: Change, token: str) -> Notice:
    """The notice of a change. The same change of the same state has one id, whoever made it."""
    what = f"{change.name}@{change.after}" if change.after else f"{change.name}@{token}"
    body: dict[str, object] = {"alone": change.alone}
    if change.kind == "opened":
        body |= {"calls": change.calls, "failing": change.share, "probe_in": change.seconds}
        if change.cause:
            body["cause"] = change.cause
    else:
        body |= {"open_seconds": change.seconds}
    return Notice(
        id=f"{what}:{change.kind}",
        at=change.at,
        kind=f"breaker.{change.kind}",
        subject=change.name,
        body=json.dumps(body),
    )
