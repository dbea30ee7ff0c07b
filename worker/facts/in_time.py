"""An end to waiting for a source, by a process that may stand still meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.errors import FactsDown
from tasks.patience import STOOD_STILL_SECONDS


@asynccontextmanager
async def in_time(seconds: float, *, told: str) -> AsyncIterator[None]:
    """Raises FactsDown with these words when so many seconds are over.

    It is marked as overslept where we hear of that much too late: then we were frozen, and what we
    waited for may have come.
    """
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    try:
        async with asyncio.timeout_at(due):
            yield
    except TimeoutError as late:
        down = FactsDown(told)
        down.overslept = loop.time() - due > STOOD_STILL_SECONDS
        raise down from late
