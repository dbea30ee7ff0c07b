"""A process that runs as long as the fleet does, and one life of it."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.processes.leash import leashed

LOG_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """What is to run. `ready` is asked ten times a second until it says yes, in the main thread."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]  # all of it
    ready: Callable[[], bool]
    foundation: bool = False  # the others lean on it: ready before they start, ended after them


class Life:
    """One life of a child: a process group of its own, out of reach of the terminal's Ctrl-C.

    It ends with the thread that starts it, at the latest (on Linux).
    """

    def __init__(self, child: Child, logs: Path) -> None:
        """Starts it. Its output goes to the child's log. Raises OSError."""
        with _log(logs / f"{child.name}.log").open("ab") as output:
            self._process = subprocess.Popen(
                leashed(child.command),
                env=child.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def exit_code(self) -> int | None:
        """How it ended (a negative number: by that signal); None while it runs."""
        return self._process.poll()

    def ask(self) -> None:
        """Asks it to end. What it started itself is its own to end."""
        self._process.terminate()

    def kill(self) -> None:
        """Ends it and whatever it has started, at once."""
        self._signal(signal.SIGKILL)

    def is_over(self) -> bool:
        """Whether nothing is left of it, nor of what it has started."""
        return self.exit_code() is not None and not self._signal(0)

    def _signal(self, number: int) -> bool:
        """Whether there was anybody in the group to receive it."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS, where only zombies are left
            return False
        return True


def _log(path: Path) -> Path:
    """The log to append to: a new one when the old one has grown long, which is kept beside it."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path
