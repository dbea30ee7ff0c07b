"""How far a file was read, and whether it is still that file."""

import hashlib
import os
from dataclasses import dataclass
from typing import BinaryIO, Self

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

PROBE_BYTES = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A position in a file. `start` is where to go on, behind the last whole line.

    `seen` bytes were read, the last line without an end among them; `inode`, `changed` (mtime in
    nanoseconds) and `probe` tell whether the file has only grown since.
    """

    start: NonNegativeInt
    seen: NonNegativeInt
    inode: int
    changed: int
    probe: str

    @classmethod
    def of(cls, file: BinaryIO, found: os.stat_result, *, start: int, seen: int) -> Self:
        """The mark at `start` of a file that was found like this."""
        return cls(
            start=start,
            seen=seen,
            inode=found.st_ino,
            changed=found.st_mtime_ns,
            probe=_probe(file, start),
        )

    def as_text(self) -> str:
        """One line that `parse` reads."""
        return MARK.dump_json(self).decode()

    def is_current(self, found: os.stat_result) -> bool:
        """Whether nothing has happened to the file since."""
        return (self.inode, self.changed, self.seen) == (
            found.st_ino,
            found.st_mtime_ns,
            found.st_size,
        )

    def has_grown(self, file: BinaryIO, found: os.stat_result) -> bool:
        """Whether the file only has more at its end now.

        A file that was written anew starts over. Told by its inode, by its length, and by what
        stands at its beginning and before the mark; a longer one put into the same inode that
        differs only further inside is taken for grown.
        """
        if self.inode != found.st_ino or not self.start <= self.seen <= found.st_size:
            return False
        if self.changed == found.st_mtime_ns:
            return True
        return found.st_size > self.seen and _probe(file, self.start) == self.probe


MARK = TypeAdapter(Mark)


def parse(position: str | None) -> Mark | None:
    """What `as_text` wrote; None for every other text."""
    if position is None:
        return None
    try:
        return MARK.validate_json(position)
    except ValidationError:
        return None


def _probe(file: BinaryIO, start: int) -> str:
    """Hash of the first and the last bytes before `start`."""
    hashed = hashlib.sha256()
    for offset in (0, max(0, start - PROBE_BYTES)):
        file.seek(offset)
        hashed.update(file.read(min(PROBE_BYTES, start - offset)))
    return hashed.hexdigest()[:32]
