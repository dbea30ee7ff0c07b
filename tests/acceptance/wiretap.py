"""Everything that anybody says to a Redis, by MONITOR on a connection of its own."""

import ast
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.acceptance.patience import until

QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
LOOK_SECONDS = 0.1


class Wiretap:
    """What was said, command by command."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self._read = 0  # bytes of it that are commands already
        self._commands: list[tuple[bytes, ...]] = []
        self._ended = False

    def listen(self, line: socket.socket) -> None:
        """Writes down what comes, until it is told to end."""
        while not self._ended:
            try:
                some = line.recv(1 << 16)
            except TimeoutError:
                continue
            if not some:
                return
            self._heard += some

    def end(self) -> None:
        """Nobody needs to know more."""
        self._ended = True

    @property
    def is_on(self) -> bool:
        """Whether Redis tells from now on."""
        return self._heard.startswith(b"+OK")

    def raw(self) -> bytes:
        """All of it with Redis' escapes taken back, so that a text is found as it was sent."""
        return b"\n".join(b" ".join(command) for command in self.commands())

    def commands(self) -> list[tuple[bytes, ...]]:
        """Name and arguments of each command so far."""
        end = self._heard.rfind(b"\r\n", self._read)
        if end >= 0:
            lines = bytes(self._heard[self._read : end]).split(b"\r\n")
            self._commands += [told for line in lines if (told := _command(line))]
            self._read = end + 2
        return self._commands

    def pushed(self) -> list[tuple[str, bytes]]:
        """Every message that was put on a queue, with the queue's name."""
        return [
            (command[1].decode(), message)
            for command in self.commands()
            if command[0].upper() in (b"LPUSH", b"RPUSH")
            for message in command[2:]
        ]


def _command(line: bytes) -> tuple[bytes, ...]:
    """Nothing where it is none: Redis says OK at first."""
    return tuple(map(_plain, QUOTED.findall(line)))


def _plain(quoted: bytes) -> bytes:
    """Redis escapes as C does, and as Python reads it."""
    if b"\\" not in quoted:
        return quoted[1:-1]
    return bytes(ast.literal_eval(f"b{quoted.decode('ascii')}"))


@contextmanager
def wiretap(redis: Path | tuple[str, int]) -> Iterator[Wiretap]:
    """Listens at the socket, or at the address, of a Redis that answers."""
    tap = Wiretap()
    family = socket.AF_UNIX if isinstance(redis, Path) else socket.AF_INET
    with socket.socket(family) as line:
        line.connect(str(redis) if isinstance(redis, Path) else redis)
        line.settimeout(LOOK_SECONDS)
        line.sendall(b"MONITOR\r\n")
        thread = Thread(target=tap.listen, args=(line,))
        thread.start()
        until(lambda: tap.is_on)
        yield tap
        tap.end()
        thread.join()
