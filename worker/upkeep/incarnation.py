"""One life of one worker process: its name, its proof of life, and how others see that it ended."""

import fcntl
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tasks.errors import LedgerDown
from tasks.ports.clock import Clock
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from worker.chance import token
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log


class LifeLock:
    """A file lock that the kernel releases when the process ends, however it ends."""

    def __init__(self, folder: Path, incarnation: Incarnation) -> None:
        self._path = folder / f"{incarnation}.lock"
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = self._path.open("w", encoding="utf-8")
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def release(self) -> None:
        """The life ends in good order."""
        self._path.unlink(missing_ok=True)
        self._handle.close()


def has_ended(folder: Path, incarnation: Incarnation) -> bool:
    """Whether that life, of this machine and home, is over: its lock is free although it exists."""
    try:
        with (folder / f"{incarnation}.lock").open("r", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # several may look at once
    except FileNotFoundError:
        return False  # another machine's, or another home's: only its heartbeat tells
    except BlockingIOError:
        return False
    return True


class Heart:
    """Raises this process's counter in the ledger, from a thread and a connection of its own.

    A life that others have declared over (the process was frozen, or cut off, for too long) is
    never taken up again: all it had is somebody else's. The process goes on under a new name.
    """

    def __init__(
        self,
        row: WorkerRow,
        *,
        locks: Path,
        ledger: SqlLedger,
        clock: Clock,
        every: float,
        log: Log,
        and_then: Callable[[], None] = lambda: None,
    ) -> None:
        """`and_then` is called after each beat; it may raise LedgerDown."""
        self._row = row
        self._locks = locks
        self._life: LifeLock | None = None
        self._is_mine = True
        self.ledger = ledger
        self.clock = clock
        self.log = log
        self._every = every
        self._and_then = and_then
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heart", daemon=True)
        self._steady_since = self._beaten_at = clock.monotonic()

    @property
    def incarnation(self) -> Incarnation:
        """This life's name; another one after a rebirth."""
        return self._row.incarnation

    def start(self) -> None:
        """Begins to beat; call it only when the process has warmed up."""
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """The life begins; whoever has no thread for it calls `beat`."""
        self._life = self._life or LifeLock(self._locks, self.incarnation)
        now = self.clock.now()  # what warming up took is no beat that was missed
        self._row = replace(self._row, started_at=now, beat_at=now)
        self._be_born()

    def stop(self) -> None:
        """The life ends in good order."""
        self.hush()
        self.ledger.ended(self.incarnation, self.clock.now())
        self.let_go()

    def let_go(self) -> None:
        """Releases the lock, as the kernel does when the process ends."""
        if self._life:
            self._life.release()
            self._life = None

    def stand_in_for(self, incarnation: Incarnation | None) -> None:
        """This process works under another one's name, and never beats: that one does."""
        if incarnation:
            self._row = replace(self._row, incarnation=incarnation)
        self._is_mine = False

    def listen(self) -> None:
        """Hears what holds now, until `hush`: for whoever stands in for another one."""
        self._thread.start()

    def hush(self) -> None:
        """Hears nothing any more; the life goes on."""
        self._stop.set()
        self._thread.join()

    def steady_seconds(self) -> float:
        """For how long every beat of ours has reached the ledger: what an observer must know."""
        return self.clock.monotonic() - self._steady_since

    def is_fresh(self, seconds: float) -> bool:
        """Whether a beat that began so lately has reached the ledger: nobody thinks us dead yet."""
        if not self._is_mine:
            return self.ledger.lives(self.incarnation)
        return self.clock.monotonic() - self._beaten_at < seconds

    def _be_born(self) -> None:
        began = self.clock.monotonic()
        self.ledger.born(self._row)
        self._beaten_at = self._steady_since = began

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            try:
                if self._is_mine:
                    self.beat()
                self._and_then()
            except LedgerDown:
                self._missed()
            except Exception as error:  # noqa: BLE001 - a heart that stops is a death to others
                self._missed()
                self.log.error("heart.bug", error=type(error).__name__)  # noqa: TRY400 - our own log

    def beat(self) -> None:
        """Once. Raises LedgerDown."""
        began = self.clock.monotonic()
        if self.ledger.beat(self.incarnation, self.clock.now()):
            self._beaten_at = began
            return
        self._missed()
        now = self.clock.now()
        fresh = replace(
            self._row, incarnation=name_life(token()), beat=0, started_at=now, beat_at=now
        )
        lost, life = self._life, LifeLock(self._locks, fresh.incarnation)
        self.log.warning("worker.reborn", was=self.incarnation, incarnation=fresh.incarnation)
        self._row, self._life = fresh, life
        if lost:
            lost.release()
        self._be_born()

    def _missed(self) -> None:
        self._steady_since = self.clock.monotonic()
        self.log.warning("heart.missed", incarnation=self.incarnation)


def host() -> str:
    """This machine's name."""
    return socket.gethostname()


def pid() -> int:
    """This process."""
    return os.getpid()


def name_life(token: str) -> Incarnation:
    """A name nobody else has: machine, process and chance."""
    return Incarnation(f"{socket.gethostname()[:30]}-{os.getpid()}-{token}")
