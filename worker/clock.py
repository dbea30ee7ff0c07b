"""The one home of the time."""

import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        return time.monotonic()
