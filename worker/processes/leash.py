"""Ties a process to the one that starts it: killed -9, the starter takes its children along.

Linux does this by PR_SET_PDEATHSIG; elsewhere a child on a leash is a child like any other. The
request is made by the child in a small program of its own (this file, run as one) that then becomes
the command: the same in a `preexec_fn` would run Python between fork and exec, which may hang where
there are threads.

The signal comes when the *thread* ends that started the child: start from a thread that lives on.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
ORPHANED = 1  # exit code of a child whose parent was gone before it could say so


def leashed(command: Sequence[str]) -> tuple[str, ...]:
    """The command that runs `command` (an absolute path or a name on PATH) on a leash."""
    if sys.platform != "linux":
        return tuple(command)
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *command)


def _become(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above, and so sends nothing
        sys.exit(ORPHANED)
    os.execvp(command[0], command)  # noqa: S606 - there is no shell because none is wanted


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
