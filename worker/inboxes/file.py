"""A file of JSON lines as an inbox."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tasks.errors import SourceDown
from tasks.ports.inbox import Message, Page
from worker.inboxes.lines import next_line
from worker.inboxes.mark import Mark, parse

CHECKOUT = Path(__file__).parents[2]

REMEDY = "give file:PATH of a file that has one ticket in JSON on each line"

PAGE_BYTES = 32 * 1024 * 1024
"""A page ends here even when it holds fewer messages than it might: it is held in memory."""


def file_of(name: str) -> Path:
    """The file that an operator means: from where they are, else from the checkout."""
    path = Path(name)
    return path if path.exists() or path.is_absolute() else CHECKOUT / path


class FileInbox:
    """Every line of a file is a message; empty ones are none.

    A file that was appended to goes on where it was; one that was written anew starts over, and
    the ledger knows again what it has had. A last line without an end is brought as it stands, and
    once more when it has grown: whoever appends, appends whole lines.

    **Name.** A ticket is known by its source's name and its id, so the name must tell files apart
    and stay the same for each. It is `file:` and the path: from `root` (the checkout) for what lies
    in it, else absolute. Two files of one name in two folders are two sources; a checkout that is
    moved with its ledger keeps its sources, where an absolute path would bring every ticket again
    as a new one; and it is one source from wherever a process is started. Links among the folders
    are followed, one in the file's own place is not: `today.jsonl` stays itself whatever it
    points to.
    """

    def __init__(self, path: Path, *, root: Path = CHECKOUT) -> None:
        self._path = path.parent.resolve() / path.name
        home = root.resolve()
        inside = self._path.is_relative_to(home)
        self.name = f"file:{self._path.relative_to(home) if inside else self._path}"

    def start(self) -> str | None:
        """The beginning: what is there is meant to be taken in."""
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        """At most `limit` lines, and not many more than 32 MiB. Raises SourceDown."""
        with self._opened() as file:
            found = os.fstat(file.fileno())
            mark = parse(position)
            if mark is not None and mark.is_current(found):
                return Page(messages=(), position=mark.as_text(), more=False)
            start = mark.start if mark is not None and mark.has_grown(file, found) else 0
            lines, start, seen = _lines(file, start, found.st_size, limit)
            return Page(
                messages=tuple(Message(source=self.name, raw=line) for line in lines),
                position=Mark.of(file, found, start=start, seen=seen).as_text(),
                more=seen < found.st_size,
            )

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            if not stat.S_ISREG(self._path.stat().st_mode):  # a pipe would wait for its writer
                raise SourceDown(f"{self._path} is not a file: {REMEDY}")
            with self._path.open("rb") as file:
                yield file
        except FileNotFoundError as error:
            raise SourceDown(f"there is no file {self._path}: {REMEDY}") from error
        except OSError as error:
            raise SourceDown(f"{self._path} cannot be read: {error.strerror}") from error


def _lines(file: BinaryIO, start: int, end: int, limit: int) -> tuple[list[bytes], int, int]:
    """What lies between, with the mark's new `start` and `seen`.

    Only lines that begin before `end`, the file's size when it was opened: a file that grows all
    the time must not hold this up.
    """
    lines: list[bytes] = []
    seen, held = start, 0
    file.seek(start)
    while seen < end and len(lines) < limit and held < PAGE_BYTES:
        line = next_line(file)
        seen += line.size
        if line.raw.strip():
            lines.append(line.raw)
            held += len(line.raw)
        if not line.ended:
            break
        start = seen
    return lines, start, seen
