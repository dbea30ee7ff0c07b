"""The fleet's processes: started, killed, and started again, as a supervisor does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.fleet import ROOT
from tests.chaos.app import FOLDER, SEED, SLOT

FLEET = (sys.executable, "-m", "celery", "-A", "tests.chaos.app")
THREADS = "64"
TERM_SECONDS = 45.0  # beyond every drain time
WARM_SECONDS = 15.0  # on a machine that is busy, until a worker has taken its first ticket


@dataclass(kw_only=True, slots=True)
class Post:
    """One process of the fleet, whoever fills it just now."""

    name: str
    command: tuple[str, ...]
    process: "subprocess.Popen[bytes] | None" = None
    born_at: float = 0.0
    back_at: float = 0.0  # not started again before
    frozen: bool = False
    asked_at: float | None = None  # to end, in good order
    expected: bool = False  # somebody ended it on purpose

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last."""
        return self.process.pid if self.process else 0

    def runs(self) -> bool:
        """Whether it lives; a frozen one does."""
        return self.process is not None and self.process.poll() is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A process that has ended. `asked_seconds`: since it was asked to, where it was."""

    name: str
    pid: int
    code: int
    expected: bool
    asked_seconds: float | None


@dataclass(kw_only=True)
class Troop:
    """Workers and beat."""

    folder: Path
    environment: Mapping[str, str]
    seed: int
    posts: dict[str, Post] = field(default_factory=dict)
    back_seconds: float = 0.5

    def man(self, celery: tuple[str, ...], workers: int) -> None:
        """Names the posts of that app; `tend` fills them."""
        options = ("-P", "threads", "-c", THREADS, "--without-gossip", "--without-mingle")
        for number in range(workers):
            slot = f"w{number}"
            command = (*celery, "worker", *options, "-n", f"{slot}@chaos")
            self.posts[slot] = Post(name=slot, command=command)
        schedule = str(self.folder / "beat-schedule")
        self.posts["beat"] = Post(
            name="beat", command=(*celery, "beat", "-s", schedule, "--pidfile=")
        )

    def tend(self) -> list[Ended]:
        """Starts what is due; says what has ended since the last time."""
        now, ended = time.monotonic(), []
        for post in self.posts.values():
            if post.process is not None and (code := post.process.poll()) is not None:
                asked = None if post.asked_at is None else now - post.asked_at
                ended.append(
                    Ended(
                        name=post.name,
                        pid=post.pid,
                        code=code,
                        expected=post.expected,
                        asked_seconds=asked,
                    )
                )
                _kill_group(post.pid)  # what it started must not go on beside its successor
                post.process, post.frozen, post.asked_at, post.expected = None, False, None, False
                post.back_at = max(post.back_at, now + self.back_seconds)
            if post.process is None and now >= post.back_at:
                self._start(post)
        return ended

    def workers(self) -> list[Post]:
        """Those that can be struck: alive, not frozen, not on their way out."""
        return [
            post
            for post in self.posts.values()
            if post.name != "beat" and post.runs() and not post.frozen and post.asked_at is None
        ]

    def at_work(self) -> list[Post]:
        """Those workers that have had the time to begin."""
        begun = time.monotonic() - WARM_SECONDS
        return [post for post in self.workers() if post.born_at < begun]

    def kill(self, post: Post, away_seconds: float) -> None:
        """Kill -9 of its whole group."""
        post.expected = True
        post.back_at = time.monotonic() + away_seconds
        _kill_group(post.pid)

    def ask_to_end(self, post: Post) -> None:
        """SIGTERM."""
        post.expected = True
        post.asked_at = time.monotonic()
        os.kill(post.pid, signal.SIGTERM)

    def freeze(self, post: Post) -> None:
        """SIGSTOP."""
        post.frozen = True
        os.kill(post.pid, signal.SIGSTOP)

    def thaw(self, post: Post) -> None:
        """SIGCONT."""
        post.frozen = False
        with suppress(ProcessLookupError):
            os.kill(post.pid, signal.SIGCONT)

    def stop(self) -> dict[str, int]:
        """Asks everyone to end, and kills who does not; how each ended."""
        for post in self.posts.values():
            if post.runs():
                self.thaw(post)
                os.kill(post.pid, signal.SIGTERM)
        codes = {}
        deadline = time.monotonic() + TERM_SECONDS
        for post in self.posts.values():
            if post.process:
                with suppress(subprocess.TimeoutExpired):
                    post.process.wait(max(0.1, deadline - time.monotonic()))
                _kill_group(post.pid)
                codes[post.name] = post.process.wait()
        return codes

    def _start(self, post: Post) -> None:
        environment = {
            **self.environment,
            FOLDER: str(self.folder),
            SLOT: post.name,
            SEED: str(self.seed),
        }
        with (self.folder / "logs" / f"{post.name}.log").open("ab") as log:
            post.process = subprocess.Popen(
                post.command,
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        post.born_at = time.monotonic()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
