"""What was asked of the simulator, request by request: what tests judge by."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TextIO

from worker.simulator.answer import Outcome

MOST = 200_000
"""Records in memory; older ones are dropped, and counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One request, when it was over.

    Tokens are as billed: 0 for what a provider bills nobody for. `cached_tokens` are part of
    `input_tokens`.
    """

    line: int  # the place in the log: 1, 2, 3 … in the order in which they ended
    n: int  # the number of the request at its provider, in the order in which they came
    provider: str
    at: float  # epoch seconds when it came
    path: str
    model: str
    key: str  # hash of the API key; empty where there was none
    body: str  # hash of the body
    fault: str
    status: int | None  # None: no answer was begun
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float  # until it ended
    outcome: Outcome
    ticket: str | None  # by the mark `(ticket ID)` in its text

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))


class Log:
    """The last records. Written on one loop, read from any thread.

    A request's record is there a moment after its last byte was sent: wait for it.
    """

    def __init__(self, *, most: int = MOST, file: TextIO | None = None) -> None:
        self.dropped = 0
        self._records: deque[Record] = deque(maxlen=most)
        self._most = most
        self._file = file
        self._lines = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))

    def next_line(self) -> int:
        """The number of the record that is to be added."""
        self._lines += 1
        return self._lines

    def add(self, record: Record) -> None:
        """Keeps it, and writes it to the file."""
        if len(self._records) == self._most:
            self.dropped += 1
        self._records.append(record)
        if self._file is not None:
            self._file.write(f"{record.as_line()}\n")

    def since(self, line: int = 0, provider: str | None = None) -> list[Record]:
        """Records behind that line, of one provider or of all."""
        return [
            record for record in self if record.line > line and provider in (None, record.provider)
        ]

    def forget(self) -> None:
        """Empties it; lines are counted on."""
        self._records.clear()
        self.dropped = 0
