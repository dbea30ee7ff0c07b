"""A clock of their own for the processes of one server: libfaketime, which is loaded into them.

Nobody else's clock is touched, the machine's least of all.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")
"""Where Debian's package `libfaketime` puts it."""


def library() -> Path | None:
    """Where libfaketime is, if it is installed."""
    found = (path for place in PLACES for path in Path("/").glob(place.removeprefix("/")))
    return next(found, None)


class MovedClock:
    """The machine's time and so much more: whoever is started in `environment` goes by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._ahead = timedelta()
        self._write()

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the server's processes. Raises LookupError where libfaketime is not installed."""
        if (found := library()) is None:
            raise LookupError("no libfaketime here: apt install libfaketime")
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def forward(self, by: timedelta) -> None:
        """It is so much later now, at once and for all of them."""
        self._ahead += by
        self._write()

    def _write(self) -> None:
        """In one step: half a file would be another time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"+{self._ahead.total_seconds():.0f}s\n")
        new.replace(self._file)
