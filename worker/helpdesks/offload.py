"""Blocking calls to a helpdesk, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from tasks.errors import HelpdeskDown

Answer = TypeVar("Answer")


class Threads:
    """As many threads as the helpdesk takes calls at once: whoever comes later waits for one.

    Any event loop may ask, for a call belongs to none.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="helpdesk")

    async def run(self, blocking: Callable[[], Answer]) -> Answer:
        """What the call gives. Raises HelpdeskDown when this process is ending."""
        loop = asyncio.get_running_loop()
        try:
            job = loop.run_in_executor(self._pool, copy_context().run, blocking)
        except RuntimeError as error:  # the pool takes no more work
            raise HelpdeskDown("the helpdesk is closed: this process is ending") from error
        return await job

    def close(self) -> None:
        """Ends after the calls that are running."""
        self._pool.shutdown(cancel_futures=True)
