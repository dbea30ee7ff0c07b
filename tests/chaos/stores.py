"""Redis, PostgreSQL and a small disk, to be killed, emptied and filled."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from tests.acceptance.patience import until
from tests.servers.postgres import Postgres
from worker.broker import server
from worker.broker.names import QUEUES
from worker.broker.server import RedisPlan

SIZE_MB = 1_500
BALLAST = "ballast"
AOF = ("--appendonly", "yes")


class Disk:
    """A small file system of its own for ledger and broker, where we may mount one."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "disk"
        self.path.mkdir()
        mounting = [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={SIZE_MB}m,mode=755",
            "chaos",
            str(self.path),
        ]
        done = subprocess.run(mounting, capture_output=True, check=False)
        self.is_small = done.returncode == 0

    def fill(self) -> None:
        """Takes every byte that is left."""
        left = shutil.disk_usage(self.path).free
        file = os.open(self.path / BALLAST, os.O_WRONLY | os.O_CREAT)
        try:
            os.posix_fallocate(file, 0, left)
            os.lseek(file, 0, os.SEEK_END)
            while True:  # what others have given back meanwhile
                os.write(file, bytes(4096))
        except OSError:
            pass  # it is full
        finally:
            os.close(file)

    def free(self) -> None:
        """Gives them back."""
        (self.path / BALLAST).unlink(missing_ok=True)

    def close(self) -> None:
        """Takes the file system away, with all that is on it."""
        if self.is_small:
            subprocess.run(["umount", "--lazy", self.path], check=False)


class Broker:
    """A Redis that dies and comes back in the same place, with or without its memory."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._plan: RedisPlan = server.plan(folder)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = self._plan.url
        self.client = Redis.from_url(self._plan.client_url, socket_timeout=2)
        self.start()

    def start(self, *, keeps: bool = False) -> None:
        """Starts it, where it does not run; with what it kept, or with nothing."""
        if self._process and self._process.poll() is None:
            return
        kept = self._plan.folder / "appendonlydir"
        if not keeps:
            shutil.rmtree(kept, ignore_errors=True)
        command = (*self._plan.command, *(AOF if keeps else ()))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._plan.environment, stdout=log, stderr=log, start_new_session=True
            )

    def keep(self) -> None:
        """Has it write down what it is told, from now on."""
        with suppress(RedisError):
            self.client.config_set("appendonly", "yes")
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline and self._is_rewriting():
                time.sleep(0.02)

    def _is_rewriting(self) -> bool:
        found = self.client.info("persistence")
        return bool(found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"])

    def kill(self) -> None:
        """As kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def is_up(self) -> bool:
        """Whether it answers."""
        return self._plan.answers()

    def limit(self, *, full: bool) -> None:
        """Lets it take nothing more, or as much as ever."""
        with suppress(RedisError):
            self.client.config_set("maxmemory", "1mb" if full else "0")

    def messages(self) -> list[bytes]:
        """Some of all that lies on it."""
        found: list[bytes] = []
        with suppress(RedisError):
            for queue in QUEUES:
                found += cast("list[bytes]", self.client.lrange(queue, 0, 50))
            held = cast("dict[bytes, bytes]", self.client.hscan("unacked", count=50)[1])
            found += held.values()
        return found

    def close(self) -> None:
        """Ends it."""
        self.kill()
        self.client.close()


class Database(Postgres):
    """A PostgreSQL that dies with all its children, and recovers."""

    def crash(self) -> None:
        """Kill -9 of every process of it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)  # it starts no more of them
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            for pid in (self.pid, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """Starts it where it does not run; it recovers by itself."""
        if self._process.poll() is not None:
            self._process = self._start()
            self.pid = self._process.pid

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def terminate_backends(self) -> None:
        """Ends every connection to it."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.url()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )


def wait_for(broker: Broker, database: Database | None) -> None:
    """Until both answer."""
    until(broker.is_up, 30)
    if database:
        until(database.is_up, 60)
