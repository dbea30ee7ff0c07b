"""The one event loop of a worker process, in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TypeVar

Found = TypeVar("Found")
FINISH_SECONDS = 5.0


class EventLoop:
    """Celery's threads carry tickets into it and wait; everything else happens here."""

    def __init__(self, *, closing: Callable[[], Coroutine[None, None, None]] | None = None) -> None:
        """`closing` is what is to be closed on the loop when nothing else runs there any more."""
        self._closing = closing
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)

    def start(self) -> None:
        """Starts the loop."""
        self._thread.start()

    def submit(self, work: Coroutine[None, None, Found]) -> "Future[Found]":
        """Starts the work on the loop; callable from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[None, None, Found]) -> Found:
        """The work's result, waited for in the caller's thread."""
        return self.submit(work).result()

    def stop(self) -> None:
        """Ends the loop; what still runs on it may finish for a moment, then is cancelled."""
        self.submit(_finish_all()).result(timeout=10)
        if self._closing:
            self.submit(self._closing()).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


async def _finish_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if not others:
        return
    # A cancelled ticket is still being put back: that must not be cancelled in its turn.
    _, late = await asyncio.wait(others, timeout=FINISH_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
