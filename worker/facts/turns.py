"""Who may ask a source now, where it takes only so many questions at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from worker.facts.in_time import in_time

PATIENCE = 5
"""How many answers' time a question waits for its turn. A source that hangs has its breaker opened
well before."""


class Turns:
    """As many as there are connections, of one event loop.

    The time that a source has for its answer begins with the turn: that we ask for more than it
    takes at once is no failure of its own. And whether it may be asked at all is looked at then,
    not before the wait.
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def within(self, seconds: float, *, told: str) -> AsyncIterator[None]:
        """One turn. Raises FactsDown where so many answers' time was not enough to get it."""
        most = PATIENCE * seconds
        busy = f"its connections were busy for {most:g} s (facts.toml: connections)"
        async with in_time(most, told=f"{told}: not asked, for {busy}"):
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()
