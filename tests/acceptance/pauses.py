"""How long an event loop stands still by its own doing: not while others have the processor."""

import asyncio
import math
import time
from dataclasses import dataclass
from pathlib import Path

SCHEDULED = Path("/proc/thread-self/schedstat")
"""Nanoseconds on a processor, nanoseconds that it waited for one, and how often it had one."""


@dataclass(slots=True)
class Pauses:
    """Watches the loop that it runs on."""

    longest: float = 0.0  # seconds

    async def watch(self, seconds: float = math.inf) -> None:
        """For so long, or until it is cancelled."""
        began, last = time.monotonic(), _at_work()
        while time.monotonic() - began < seconds:
            await asyncio.sleep(0.002)
            now = _at_work()
            self.longest, last = max(self.longest, now - last), now


def _at_work() -> float:
    """Seconds of a clock that stands while this thread waits for a processor that others have."""
    waited = int(SCHEDULED.read_text().split()[1]) if SCHEDULED.exists() else 0
    return time.monotonic() - waited / 1e9
