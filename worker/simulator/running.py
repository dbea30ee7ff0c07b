"""A server, or several, on a thread and a loop of their own: for tests in the same process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Listens(Protocol):
    """What can be started and ended."""

    async def listen(self) -> None: ...

    async def close(self) -> None: ...


Listening = TypeVar("Listening", bound=Listens)


@contextmanager
def running(served: Listening) -> Iterator[Listening]:
    """It listens meanwhile; all its connections end with it. Raises RefusedToStart."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(served.listen(), loop).result()
        try:
            yield served
        finally:
            asyncio.run_coroutine_threadsafe(served.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
