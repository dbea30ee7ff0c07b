"""HTTP/1.1 by hand, so that it is fast and can misbehave. What it answers, its subclasses say."""

import asyncio
import socket
import struct
from typing import cast

from worker.simulator.answer import Answer, Outcome
from worker.simulator.door import Door
from worker.simulator.request import Request, Unreadable, taken

LOOPBACK = "127.0.0.1"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for zero seconds
TEAR_SECONDS = 0.05
"""What was sent is read in that time: a reset on its heels would take it back."""


class Server:
    """One port. `answer` is asked once for each request, on the server's loop."""

    def __init__(self) -> None:
        self.url = ""  # http://HOST:PORT/v1, once it listens
        self.connections_opened = 0
        self.transports: set[asyncio.Transport] = set()
        self.is_dropping = False  # connections are lost because of us
        self._door = Door(lambda: _Connection(self))

    def answer(self, request: Request) -> Answer:
        """What is done with this request."""
        raise NotImplementedError

    def ended(self, request: Request, answer: Answer, outcome: Outcome) -> None:
        """That request is over."""

    @property
    def root(self) -> str:
        """The address without a path."""
        return self.url.removesuffix("/v1")

    async def listen(self, port: int = 0, host: str = LOOPBACK) -> None:
        """Starts; port 0 is any that is free. Raises RefusedToStart."""
        taken_port = self._door.take(host, port)
        await self._door.open()
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{taken_port}/v1"

    async def refuse(self, *, refuses: bool) -> None:
        """Refuses connections and drops those that there are, or listens again."""
        if not refuses:
            await self._door.open()
        elif self._door.is_open:
            self._door.shut()
            await self._drop()

    async def close(self) -> None:
        """Stops listening, drops every connection and gives the port back."""
        self._door.leave()
        await self._drop()

    async def _drop(self) -> None:
        self.is_dropping = True
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0)  # what was dropped hears of it in the loop's next round
        self.is_dropping = False


class _Connection(asyncio.Protocol):
    """One kept-alive connection; a request is answered before the next is looked at."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._due: tuple[Request, Answer] | None = None  # under way
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(0)  # resume_writing says when all has gone out
        self._server.connections_opened += 1
        self._server.transports.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.transports.discard(self._transport)
        if self._due is not None:
            hangs = self._due[1].end == "hang"
            self._end("hung" if hangs else "dropped" if self._server.is_dropping else "left")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def resume_writing(self) -> None:
        if self._due is not None and self._due[1].drip_seconds is None:
            self._sent(self._due[1])

    def _go_on(self) -> None:
        while self._due is None and self._buffer and not self._transport.is_closing():
            try:
                found = taken(self._buffer)
            except Unreadable:
                self._transport.abort()
                return
            if found is None:
                return
            request, self._buffer = found
            self._begin(request)

    def _begin(self, request: Request) -> None:
        answer = self._server.answer(request)
        self._due = (request, answer)
        if answer.latency_seconds:
            self._loop.call_later(answer.latency_seconds, self._play, answer)
        else:
            self._play(answer)

    def _play(self, answer: Answer) -> None:
        if self._transport.is_closing() or answer.end == "hang":
            return
        if answer.end == "reset":
            self._reset()
        elif answer.drip_seconds is not None:
            self._transport.write(answer.head())
            self._drip(answer, 0)
        else:
            self._transport.write(answer.head() + answer.body[: len(answer.body) - answer.unsent])
            if not self._transport.get_write_buffer_size():
                self._sent(answer)

    def _sent(self, answer: Answer) -> None:
        """All that was to be said has been said."""
        if answer.end == "tear":
            self._loop.call_later(TEAR_SECONDS, self._reset)
            return
        self._end("broken" if answer.unsent else "answered")
        if answer.end == "close":
            self._transport.close()
        elif self._buffer:
            self._loop.call_soon(self._go_on)

    def _drip(self, answer: Answer, sent: int) -> None:
        if self._transport.is_closing():
            return
        if sent == len(answer.body):
            self._sent(answer)
            return
        self._transport.write(answer.body[sent : sent + 1])
        self._loop.call_later(answer.drip_seconds or 0.0, self._drip, answer, sent + 1)

    def _reset(self) -> None:
        if self._transport.is_closing():
            return
        connection = cast(socket.socket, self._transport.get_extra_info("socket"))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._end("broken")
        self._transport.abort()

    def _end(self, outcome: Outcome) -> None:
        if self._due is not None:
            (request, answer), self._due = self._due, None
            self._server.ended(request, answer, outcome)
