"""The model of a provider: reads requests, and remembers the last of them."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

from worker.simulator.dialect import Dialect
from worker.simulator.request import Request
from worker.simulator.routes import dialect
from worker.simulator.turn import Turn
from worker.simulator.verdict import Verdict, verdict

MARK = re.compile(rb"\(ticket ([\w-]{1,64})\)")
REMEMBERED = 4_096
"""Questions; the same one again costs next to nothing."""


class Model:
    """Makes a turn of each request."""

    def __init__(self, known: Mapping[str, Verdict], now: Callable[[], float]) -> None:
        self._known = known
        self._now = now
        self._turns = OrderedDict[tuple[str, str], Turn]()

    def turn(self, request: Request) -> Turn | None:
        """What it asks; None where it is no question to a model."""
        speaks = dialect(request.path)
        if speaks is None or request.method != "POST":
            return None
        key = (request.path, digest(request.raw))
        found = self._turns.get(key)
        if found is None:
            found = self._read(request, speaks, key[1])
            if found is not None:
                self._remember(key, found)
        return found

    def _read(self, request: Request, speaks: Dialect, hashed: str) -> Turn | None:
        try:
            asked = speaks.asked(request.json(), request.path)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None
        mark = MARK.search(request.raw)
        return Turn(
            dialect=speaks,
            asked=asked,
            verdict=verdict(asked, self._known),
            digest=hashed,
            ticket=mark[1].decode() if mark else None,
            now=self._now,
        )

    def _remember(self, key: tuple[str, str], turn: Turn) -> None:
        if len(self._turns) >= REMEMBERED:
            self._turns.popitem(last=False)
        self._turns[key] = turn


def digest(body: bytes) -> str:
    """Sixteen hex digits of a body."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()
