"""The helpdesk in memory, watched: what it was asked is left on a trail, in order."""

from collections.abc import Iterable, Mapping

from tasks.ports.helpdesk import FieldResult, FieldWrite, Gone
from tasks.ticket import ExternalId, Ticket
from tests.twins.clock import StillClock
from worker.helpdesks.memory import MemoryHelpdesk


class WatchedHelpdesk(MemoryHelpdesk):
    """`keys` are those of every request; after `closes_after` requests a person closes them all."""

    def __init__(self, tickets: Iterable[Ticket] = (), *, trail: list[str]) -> None:
        super().__init__(tickets, clock=StillClock())
        self.trail = trail
        self.keys: list[str] = []
        self.closes_after: int | None = None

    async def write(
        self, ticket: ExternalId, wanted: Mapping[str, FieldWrite], *, key: str
    ) -> Mapping[str, FieldResult] | Gone:
        """As the port promises."""
        self._asked(f"wrote {', '.join(sorted(wanted))}", key)
        return await super().write(ticket, wanted, key=key)

    async def add_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """As the port promises."""
        self._asked("posted a note", key)
        return await super().add_note(ticket, body, key=key)

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
