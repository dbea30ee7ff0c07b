"""An upstream that fails as often as it is told to, and remembers when it was asked."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random


@dataclass(kw_only=True)
class Upstream:
    """Each line it is sent is a request; it answers `ok` or `no` after `latency` seconds or so."""

    failing: float = 0.0
    latency: float = 0.0
    chance: Random = field(default_factory=lambda: Random(5))
    asked: list[float] = field(default_factory=list)  # monotonic seconds
    port: int = 0

    def since(self, at: float) -> list[float]:
        """When it was asked after that moment."""
        return [moment for moment in self.asked if moment > at]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its other end closes it."""
        try:
            while await reader.readline():
                self.asked.append(time.monotonic())
                said = b"no\n" if self.chance.random() < self.failing else b"ok\n"
                await asyncio.sleep(self.latency * (0.5 + self.chance.random()))
                writer.write(said)
        except ConnectionError:
            pass
        finally:
            writer.close()


@contextmanager
def upstream(*, failing: float = 0.0, latency: float = 0.0) -> Iterator[Upstream]:
    """Serves in a thread of its own."""
    made = Upstream(failing=failing, latency=latency)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ending = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(made.answer, "127.0.0.1")
        made.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ending.wait()
        server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert ready.wait(5)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
