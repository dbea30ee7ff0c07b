"""Waiting for what is going to happen, instead of sleeping and hoping."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def until(is_so: Callable[[], object], seconds: float = 15.0) -> None:
    """Returns as soon as it is so. Fails when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)


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
