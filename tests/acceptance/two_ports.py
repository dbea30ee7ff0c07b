"""Ports for a simulator of two providers, which the staging profile wants side by side."""

import os
import socket

FIRST, LAST = 18_801, 28_801
"""Below the ports that the kernel hands out by itself."""


def two_ports() -> int:
    """The first of two neighbours that were free just now; each session begins elsewhere."""
    offset = 2 * (os.getpid() % 4_000)
    for first in (FIRST + (offset + place) % (LAST - FIRST) for place in range(0, LAST - FIRST, 2)):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", first))
                other.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
            return first
    message = "no two free ports"
    raise AssertionError(message)
