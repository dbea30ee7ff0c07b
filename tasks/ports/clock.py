"""The clock port: time is handed in, never taken."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time. `now` is epoch seconds (UTC); `monotonic` never goes back."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...
