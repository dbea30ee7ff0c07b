"""Waiting for what is going to happen, instead of sleeping and hoping."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SOON = 0.02
LATE = 0.3
REST = 4
"""Times as long as a look took: whoever looks on leaves the processor to whom it looks at."""


def until(is_so: Callable[[], object], seconds: float = 15.0) -> None:
    """Returns as soon as it is so. Fails when it is not at a look that begins at `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        began, used = time.monotonic(), time.thread_time()
        if is_so():
            return
        assert began < deadline, f"not so after {seconds} s"
        rest = min(max(SOON, REST * (time.thread_time() - used)), LATE)
        time.sleep(max(0.0, min(rest, deadline - time.monotonic())))


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that has died and was not yet buried by its parent does not."""
    if sys.platform != "linux":
        return _receives(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] not in "ZX"


def _receives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
