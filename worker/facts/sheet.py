"""One JSON file of facts: read once, read again when it changes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tasks.errors import FactsDown
from tasks.ports.clock import Clock

LOOK_SECONDS = 1.0
"""How long what was read is taken for current without looking at the file."""

Written = TypeVar("Written")
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class _Trouble:
    why: str


class Sheet(Generic[Written, Kept]):
    """What a file holds, as `adapter` reads it and `arrange` makes it quick to look up.

    `refresh` is for one thread at a time; everything else is for any.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        adapter: TypeAdapter[Written],
        arrange: Callable[[Written], Kept],
    ) -> None:
        self._path = path
        self._clock = clock
        self._adapter = adapter
        self._arrange = arrange
        self._looked_at: float | None = None  # monotonic
        self._stamp: tuple[int, ...] | None = None
        self._read: Kept | _Trouble = _Trouble(f"{path.name} was not read yet")

    @property
    def is_due(self) -> bool:
        """Whether it is time to look at the file again."""
        looked = self._looked_at
        return looked is None or self._clock.monotonic() - looked >= LOOK_SECONDS

    @property
    def content(self) -> Kept:
        """What was read last. Raises FactsDown, which names the file and quotes nothing of it."""
        read = self._read
        if isinstance(read, _Trouble):
            raise FactsDown(read.why)
        return read

    @property
    def written_at(self) -> float | None:
        """When the file was last written, epoch seconds; None while it cannot be read."""
        return self._stamp[1] / 1e9 if self._stamp else None

    def refresh(self) -> None:
        """Looks at the file where that is due, and reads it where it has changed."""
        if not self.is_due:
            return
        try:
            found = self._path.stat()
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._read = self._parse(self._path.read_bytes())
                self._stamp = stamp
        except OSError as error:
            self._read = _Trouble(f"{self._path.name} cannot be read: {error.strerror}")
            self._stamp = None
        self._looked_at = self._clock.monotonic()

    def _parse(self, raw: bytes) -> Kept | _Trouble:
        try:
            return self._arrange(self._adapter.validate_json(raw))
        except FactsDown as down:
            return _Trouble(f"{self._path.name} is malformed: {down}")
        except ValidationError as error:
            [first, *_] = error.errors(
                include_url=False, include_context=False, include_input=False
            )
            return _Trouble(f"{self._path.name} is malformed: {_told(first, raw)}")


def _told(problem: ErrorDetails, raw: bytes) -> str:
    """The problem and where it is. An entry is told by its number: its key may be an address."""
    place = problem["loc"]
    if not place:
        return problem["msg"]
    first, *inner = place
    number = first + 1 if isinstance(first, int) else _number_of(first, raw)
    return ", ".join((f"entry {number}", *(str(part) for part in inner), problem["msg"]))


def _number_of(key: str, raw: bytes) -> int:
    return 1 + list(json.loads(raw)).index(key)
