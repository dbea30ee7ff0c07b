"""Lines of a file, however long, without holding more of one than is kept."""

import codecs
import hashlib
from dataclasses import dataclass
from typing import BinaryIO

KEEP_BYTES = 4 * 1024 * 1024
"""Kept of one line: sixty times what intake takes as a ticket, so only what is no ticket is cut."""

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line without its end. `size` counts its bytes in the file, the end among them."""

    raw: bytes
    size: int
    ended: bool


def next_line(file: BinaryIO, *, keep: int = KEEP_BYTES) -> Line:
    """The next line; of size 0 at the end of the file.

    A line longer than `keep` bytes comes as its beginning and a notice of its length and hash.
    The notice makes it no JSON, so intake makes a dead letter of it that says what was cut, and
    two such lines that begin alike stay two.
    """
    line = file.readline(keep + 1)
    ended = line.endswith(b"\n")
    if ended or len(line) <= keep:
        raw = line.removesuffix(b"\n").removesuffix(b"\r")
        return Line(raw=raw, size=len(line), ended=ended)
    size, hashed = len(line), hashlib.sha256(line)
    while not ended and (chunk := file.readline(CHUNK_BYTES)):
        size += len(chunk)
        ended = chunk.endswith(b"\n")
        hashed.update(chunk.removesuffix(b"\n"))
    notice = f"\n[cut here: the line has {size - ended:,} bytes, SHA-256 {hashed.hexdigest()}]"
    return Line(raw=_whole_characters(line[:keep]) + notice.encode(), size=size, ended=ended)


def _whole_characters(line: bytes) -> bytes:
    """Without a last character that was cut through, which would look like the line's own fault."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder.decode(line)
    begun, _ = decoder.getstate()
    return line.removesuffix(begun)
