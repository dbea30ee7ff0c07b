"""One snapshot for all viewers: taken when somebody looks, never twice at a time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from config.alerts import AlertKind
from tasks.errors import LedgerDown
from tasks.ports.clock import Clock
from worker.alerts.alert import Alert
from worker.pages.snapshot import Snapshot
from worker.telemetry.log import Log

PATIENCE = 2.0
"""Seconds that a viewer waits for a snapshot under way before he is shown the last one."""

SHARE = 10
"""A snapshot that took long is followed by a rest so many times as long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The last snapshot, how old it is, and what keeps it from being newer."""

    snapshot: Snapshot | None  # None: there has never been one
    age: float | None  # seconds
    trouble: Alert | None


class Watch:
    """Keeps the last snapshot. For one event loop.

    `take` is called in a thread, while somebody looks: at most once in `every` seconds, and for no
    more than a twentieth of the time however large the ledger is. With no viewer nothing is read.
    """

    def __init__(self, take: Callable[[], Snapshot], clock: Clock, *, every: float) -> None:
        self._take = take
        self._clock = clock
        self.every = every  # seconds
        self._log = Log("pages")
        self._last: Snapshot | None = None
        self._trouble: Alert | None = None
        self._begun_at = 0.0
        self._rest_until = 0.0
        self._under_way: asyncio.Task[None] | None = None

    async def look(self) -> View:
        """What there is to see; at most `PATIENCE` seconds later."""
        if self._under_way is None and self._clock.monotonic() >= self._rest_until:
            self._begun_at = self._clock.monotonic()
            self._under_way = asyncio.create_task(self._renew())
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=PATIENCE)
        last = self._last
        return View(
            snapshot=last,
            age=None if last is None else max(0.0, self._clock.now() - last.at),
            trouble=self._hanging() or self._trouble,
        )

    def _hanging(self) -> Alert | None:
        waited = self._clock.monotonic() - self._begun_at
        if self._under_way is None or waited < PATIENCE:
            return None
        return _down(f"it was asked {waited:.0f} s ago and has not answered yet")

    async def _renew(self) -> None:
        pause = self.every
        try:
            snapshot = await asyncio.wrap_future(_in_a_thread(self._take))
        except LedgerDown as error:
            self._trouble = _down(str(error))
        except Exception as error:  # noqa: BLE001 - the page must say so, not vanish
            self._log.error("page.bug", error=type(error).__name__)
            text = f"no snapshot could be taken ({type(error).__name__})"
            self._trouble = Alert(kind=AlertKind.PAGE_BROKEN, name="page", text=text)
        else:
            self._last, self._trouble = snapshot, None
            pause = max(pause, SHARE * snapshot.ledger_seconds)
        finally:
            self._rest_until = self._begun_at + pause
            self._under_way = None


def _down(text: str) -> Alert:
    return Alert(kind=AlertKind.LEDGER_DOWN, name="ledger", text=text)


def _in_a_thread(take: Callable[[], Snapshot]) -> "Future[Snapshot]":
    """A daemon, unlike a pool's: a database that hangs must not keep Flower from ending."""
    taken: Future[Snapshot] = Future()

    def work() -> None:
        try:
            taken.set_result(take())
        except Exception as error:  # noqa: BLE001 - it is raised where the future is awaited
            taken.set_exception(error)

    threading.Thread(target=work, name="snapshot", daemon=True).start()
    return taken
