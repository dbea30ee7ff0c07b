"""What a terminal shows of a command; as much of one as our progress display needs."""

import os
import pty
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

STEP = re.compile(r"\x1b\[(\d+)A|\x1b\[2K|\r?\n|[^\x1b\r\n]+|.", re.DOTALL)


def watched(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> tuple[int, list[str]]:
    """The exit code of a command in a terminal, and all that the terminal showed, in order."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b"".join(_read(ours))
    os.close(ours)
    return process.returncode, list(screens(written.decode()))


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other end open any more
            return
        if not part:
            return
        yield part


def screens(written: str) -> Iterator[str]:
    """The screen each time that something on it is about to be drawn over, and at the end."""
    lines, row = [""], 0
    for step in STEP.finditer(written):
        text = step.group()
        if step.group(1):
            yield "\n".join(lines)
            row -= int(step.group(1))
        elif text == "\x1b[2K":
            lines[row] = ""
        elif text.endswith("\n"):
            row += 1
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] += text
    yield "\n".join(lines)
