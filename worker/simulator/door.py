"""A port that can be closed and opened again, and is nobody else's meanwhile."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from worker.refusals import RefusedToStart

BACKLOG = 1024


class Door:
    """Listens, or refuses connections as a provider does whose process is gone.

    A second socket is bound to the port and never listens: the kernel refuses who knocks while
    the first one is closed, and gives the port to no other program.
    """

    def __init__(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._protocol = protocol
        self._guard: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def take(self, host: str, port: int) -> int:
        """The port that is ours from here on; 0 asks for any. Raises RefusedToStart."""
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._guard = _bound(family, address)
        except OSError as error:
            raise _taken(host, port, error) from error
        return int(self._guard.getsockname()[1])

    async def open(self) -> None:
        """Listens from here on; the port was taken before. Raises RefusedToStart."""
        async with self._one_at_a_time:
            if self._server is None and self._guard is not None:
                self._server = await self._listening(self._guard)

    async def _listening(self, guard: socket.socket) -> asyncio.Server:
        host, port = guard.getsockname()[:2]
        loop = asyncio.get_running_loop()
        try:
            listener = _bound(guard.family, guard.getsockname())
            return await loop.create_server(self._protocol, sock=listener, backlog=BACKLOG)
        except OSError as error:
            raise _taken(host, port, error) from error

    def shut(self) -> None:
        """Refuses whoever connects from here on; who is in stays in."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def leave(self) -> None:
        """Gives the port back."""
        self.shut()
        if self._guard is not None:
            self._guard.close()
            self._guard = None


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
    except OSError:
        found.close()
        raise
    return found


def _taken(host: str, port: int, error: OSError) -> RefusedToStart:
    return RefusedToStart(
        f"Port {port} of {host} cannot be listened on: {error.strerror}.",
        remedy="Name another with --provider NAME=PORT; NAME=0 takes any that is free.",
    )
