"""Where the embedded Redis has its socket, so that every process of the fleet finds it."""

import re
import socket
import stat
import tempfile
from os import getuid
from pathlib import Path

RECORD = "socket"
NAME = "redis.sock"

LONGEST = 100  # bytes of a path; the kernel takes 107 on Linux, 103 on macOS
PLAIN = re.compile(r"[\w./-]+", re.ASCII)  # needs no quoting, whoever reads the URL
ASK_SECONDS = 1.0


def seat(folder: Path) -> Path:
    """The socket for this folder: in it, or where `take` recorded that it had to go."""
    own = folder / NAME
    if _fits(own):
        return own
    try:
        return Path((folder / RECORD).read_text())
    except OSError:
        return own


def take(folder: Path) -> Path:
    """As `seat`, and makes a private directory where one is needed.

    It is needed where the path in the folder is too long for a socket, or is not plain.
    """
    chosen = seat(folder)
    if not _fits(chosen) or (chosen.parent != folder and not _is_private(chosen.parent)):
        chosen = Path(tempfile.mkdtemp(prefix="triage-")) / NAME
        (folder / RECORD).write_text(str(chosen))
    return chosen


def leave(folder: Path) -> None:
    """Takes away the socket, and the directory that was made for it."""
    chosen = seat(folder)
    chosen.unlink(missing_ok=True)
    (folder / RECORD).unlink(missing_ok=True)
    if chosen.parent != folder and chosen.parent.exists():
        chosen.parent.rmdir()


def connected(path: Path) -> socket.socket:
    """A connection to the socket. Raises OSError where nobody listens."""
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(ASK_SECONDS)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line


def is_listened(path: Path) -> bool:
    """Whether a process is behind the socket, even one that does not get round to answering."""
    try:
        connected(path).close()
    except OSError:
        return False
    return True


def _fits(path: Path) -> bool:
    return bool(PLAIN.fullmatch(str(path))) and len(str(path).encode()) <= LONGEST


def _is_private(folder: Path) -> bool:
    """Whether only we can put anything there: it may lie where everybody may write."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == getuid() and not found.st_mode & 0o077
