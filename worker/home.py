"""Where a fleet keeps what belongs to this machine, and the lock that keeps a second fleet away."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.broker.seat import seat
from worker.broker.url import socket_url
from worker.refusals import RefusedToStart

PRIVATE = 0o700
LOOKS = 20
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of TRIAGE_HOME. `root` is absolute."""

    root: Path

    @property
    def ledger(self) -> Path:
        """The embedded ledger."""
        return self.root / "ledger.db"

    @property
    def helpdesk(self) -> Path:
        """The embedded helpdesk."""
        return self.root / "helpdesk.db"

    @property
    def secret(self) -> Path:
        """The secret that was made where none is set."""
        return self.root / "secret.key"

    @property
    def redis(self) -> Path:
        """What the embedded Redis needs while it runs."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """One log for each child of the fleet."""
        return self.root / "logs"

    @property
    def cache(self) -> Path:
        """What can be made again, by the hash of what it was made from."""
        return self.root / "cache"

    @property
    def incarnations(self) -> Path:
        """One locked file for each worker process alive."""
        return self.root / "incarnations"

    @property
    def lock(self) -> Path:
        """Held by the fleet that runs here."""
        return self.root / "fleet.lock"

    def broker_url(self) -> str:
        """The embedded Redis' address, as Celery writes it, whether or not it runs."""
        return socket_url(seat(self.redis.resolve()))

    def prepare(self) -> Self:
        """Makes what is missing, readable by its owner only; what exists keeps its mode.

        Raises RefusedToStart where that cannot be done, or nothing can be written there.
        """
        try:
            self.root.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            for folder in (self.redis, self.logs, self.cache, self.incarnations):
                folder.mkdir(mode=PRIVATE, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise RefusedToStart(
                f"{self.root} cannot be the fleet's home: {error.strerror}.",
                remedy="Set TRIAGE_HOME to a directory that this user may write in.",
            ) from error
        return self


class FleetLock:
    """Held by at most one process for each home; the kernel lets go of it when that one dies."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Takes the lock. Raises RefusedToStart, naming the process that has it."""
        file = os.open(self._home.lock, os.O_RDWR | os.O_CREAT, 0o600)
        looks = 0
        while not _locked(file):
            other, looks = holder(self._home), looks + 1
            if other or looks == LOOKS:
                os.close(file)
                raise RefusedToStart(
                    f"Another fleet runs on {self._home.root}: process {other or '?'}.",
                    remedy="End it first, or set TRIAGE_HOME to another directory.",
                )
            time.sleep(LOOK_SECONDS)  # it is only just starting, or somebody asked for the holder
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets go of the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def holder(home: Home) -> int | None:
    """The process of the fleet that runs on this home; None where none does."""
    with _opened(home.lock) as file:
        if file is None or _locked(file, fcntl.LOCK_SH):
            return None
        text = os.pread(file, 32, 0).decode(errors="replace").strip()
        return int(text) if text.isdecimal() else None


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def _locked(file: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
