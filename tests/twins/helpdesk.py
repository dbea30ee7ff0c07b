"""The helpdesk in memory, watched: what it was asked is left on a trail, and it can be naughty."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import TypeVar

from tasks.errors import HelpdeskDown
from tasks.ports.helpdesk import Capabilities, Gone, Moved, Seen, Traces
from tasks.ticket import ExternalId, Ticket
from tests.twins.clock import StillClock
from worker.helpdesks.embedded import FULL
from worker.helpdesks.memory import MemoryHelpdesk

Answer = TypeVar("Answer")

PLAIN = Capabilities(conditional_write="none", once_only_notes=False, settle_seconds=5.0)
"""The least that a helpdesk can do."""


class Mishap(Enum):
    """What becomes of one request that changes something."""

    NONE = auto()
    LOST = auto()  # it did not arrive
    DEAF = auto()  # it took effect, and the answer is lost
    LATE = auto()  # the answer is lost, and it takes effect later
    SWALLOWED = auto()  # it is answered, and nothing has happened


class WatchedHelpdesk(MemoryHelpdesk):
    """`keys` are those of every change; `meanwhile` is done before each change, by others.

    Changes have the `mishaps` that stand there, one each, then none any more.
    """

    def __init__(
        self,
        tickets: Iterable[Ticket] = (),
        *,
        trail: list[str] | None = None,
        capabilities: Capabilities = FULL,
    ) -> None:
        super().__init__(tickets, clock=StillClock(), capabilities=capabilities)
        self.trail: list[str] = [] if trail is None else trail
        self.keys: list[str] = []
        self.closes_after: int | None = None
        self.mishaps: deque[Mishap] = deque()
        self.meanwhile: Callable[[], object] = lambda: None
        self._late: list[Callable[[], object]] = []

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        """As the port promises."""
        self.trail.append("looked")
        return await super().look(ticket)

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        """As the port promises, but for mishaps."""
        self._asked(f"set {', '.join(sorted(values))}", key)

        def do() -> Moved | Gone | None:
            return self._set_all(ticket, values, key=key, version=version)

        return self._with_mishap(do)

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """As the port promises, but for mishaps."""
        self._asked("posted a note", key)
        return self._with_mishap(lambda: self._post(ticket, body, key=key))

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        """As the port promises."""
        self.trail.append("looked for traces")
        return await super().traces(ticket, key=key)

    def settle(self) -> None:
        """What was late takes effect."""
        while self._late:
            self._late.pop(0)()

    def values(self, ticket: str = "T-1") -> dict[str, str]:
        """The ticket's fields that are set."""
        return {name: value for name, value in self.fields[ticket].items() if value is not None}

    def posted(self, ticket: str = "T-1") -> list[str]:
        """The ticket's notes, oldest first."""
        return [note.body for note in self.notes[ticket]]

    def _asked(self, what: str, key: str) -> None:
        if len(self.keys) == self.closes_after:
            self.closed.update(self.fields)
        self.trail.append(what)
        self.keys.append(key)

    def _with_mishap(self, do: Callable[[], Answer]) -> Answer | None:
        self.meanwhile()
        match self.mishaps.popleft() if self.mishaps else Mishap.NONE:
            case Mishap.NONE:
                return do()
            case Mishap.SWALLOWED:
                return None
            case Mishap.LOST:
                pass
            case Mishap.DEAF:
                do()
            case Mishap.LATE:
                self._late.append(do)
        raise HelpdeskDown("the answer is lost")
