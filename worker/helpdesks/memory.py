"""The embedded helpdesk's twin: the same promises, in the memory of one process."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tasks.errors import OperatorError
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import FIELDS, Capabilities, Gone, Moved, Seen, Traces
from tasks.ticket import ExternalId, Ticket, Turn
from worker.clock import SystemClock
from worker.helpdesks.embedded import FULL
from worker.helpdesks.reading import Conversation
from worker.helpdesks.shown import MACHINE, ShownChange, ShownNote, ShownTicket, untouched
from worker.helpdesks.turns import new_turns, said_in


class MemoryHelpdesk:
    """Keeps the promise of tasks.ports.helpdesk. Its parts may be looked at and rearranged.

    `fields` holds each ticket's fields by name: `helpdesk.fields["T-1"]["queue"]`.
    """

    def __init__(
        self,
        tickets: Iterable[Ticket] = (),
        *,
        clock: Clock | None = None,
        capabilities: Capabilities = FULL,
    ) -> None:
        self.capabilities = capabilities
        self.fields: dict[str, dict[str, str | None]] = {}
        self.notes: dict[str, list[ShownNote]] = {}
        self.history: dict[str, list[ShownChange]] = {}
        self.closed: set[str] = set()
        self.disabled: set[str] = set()
        self._conversations: dict[str, Conversation] = {}
        self._clock = clock or SystemClock()
        self.deliver_many(("memory", ticket) for ticket in tickets)

    def close(self) -> None:
        """Nothing to close; here for whoever does not know which helpdesk it holds."""

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        """All fields; the version is how often any was changed."""
        if gone := self._gone(ticket):
            return gone
        return Seen(fields=dict(self.fields[ticket]), version=str(len(self.history[ticket])))

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        """Sets them where the ticket still has that version."""
        return self._set_all(ticket, values, key=key, version=version)

    def _set_all(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        if gone := self._gone(ticket):
            return gone
        has_moved = version != str(len(self.history[ticket]))
        if has_moved and self.capabilities.conditional_write != "none":
            return Moved()
        for name, value in values.items():
            self._set(ticket, name, value, author=MACHINE, key=f"{key}:{name}")
        return None

    async def refuses(
        self,
        ticket: ExternalId,  # noqa: ARG002 - the port's
        values: Mapping[str, str],
    ) -> Mapping[str, str]:
        """A queue that is among the `disabled`."""
        queue = values.get("queue")
        return {"queue": f"queue {queue} is disabled"} if queue in self.disabled else {}

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        """How often history and notes have each key that begins with `key`."""
        found = self.show(ticket)
        return found.traces(key) if found else Traces()

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """Posts an internal note, once for each key."""
        return self._post(ticket, body, key=key)

    def _post(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        if gone := self._gone(ticket):
            return gone
        posted = any(note.key == key for notes in self.notes.values() for note in notes)
        if not (posted and self.capabilities.once_only_notes):
            note = ShownNote(key=key, author=MACHINE, body=body, at=self._clock.now())
            self.notes[ticket].append(note)
        return None

    def deliver(self, ticket: Ticket, *, source: str) -> bool:
        """A customer's ticket arrives; False where the name is somebody else's conversation."""
        known = self._conversations.get(ticket.id)
        if known is None:
            self._conversations[ticket.id] = Conversation(source=source, ticket=ticket)
            self.fields[ticket.id] = {name: ticket.fields.get(name) for name in FIELDS}
            self.notes[ticket.id] = []
            self.history[ticket.id] = []
        elif source != known.source and ticket.requester.email != known.ticket.requester.email:
            return False
        else:
            self._add_turns(ticket.id, new_turns(said_in(known.ticket), said_in(ticket)))
        return True

    def deliver_many(self, tickets: Iterable[tuple[str, Ticket]]) -> list[bool]:
        """Makes tickets known; a known one gets the turns that it does not hold yet."""
        return [self.deliver(ticket, source=source) for source, ticket in tickets]

    def edit(self, ticket: ExternalId, field: str, value: str | None, author: str) -> bool:
        """A person sets a field (None: empties it). False where no such ticket is open."""
        if field not in FIELDS:
            raise OperatorError(f"{field!r} is no field: {', '.join(FIELDS)}")
        if self._gone(ticket):
            return False
        self._set(ticket, field, value, author=author, key=None)
        return True

    def reply(self, ticket: ExternalId, text: str) -> bool:
        """The customer writes again. False where no such ticket is open."""
        if not text.strip():
            raise OperatorError("a reply without text says nothing: give it some")
        if self._gone(ticket):
            return False
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        self._add_turns(ticket, [Turn(author="customer", body=text, at=at)])
        return True

    def close_ticket(self, ticket: ExternalId) -> bool:
        """A person closes the ticket. False where no such ticket is open."""
        if self._gone(ticket):
            return False
        self.closed.add(ticket)
        return True

    def show(self, ticket: ExternalId) -> ShownTicket | None:
        """The ticket as people see it, open or closed; None where there is none."""
        if ticket not in self.fields:
            return None
        return ShownTicket(
            fields=dict(self.fields[ticket]),
            notes=tuple(self.notes[ticket]),
            history=tuple(self.history[ticket]),
        )

    def conversation(self, ticket: ExternalId) -> Conversation | None:
        """All that was said on the ticket, open or closed; None where there is none."""
        known, seen = self._conversations.get(ticket), self.show(ticket)
        if known is None or seen is None:
            return None
        fields = untouched(seen.fields, seen.history)
        return replace(known, ticket=known.ticket.model_copy(update={"fields": fields}))

    def _gone(self, ticket: ExternalId) -> Gone | None:
        if ticket not in self.fields:
            return Gone(f"the helpdesk has no ticket {ticket}")
        return Gone(f"{ticket} is closed") if ticket in self.closed else None

    def _set(
        self, ticket: ExternalId, field: str, value: str | None, *, author: str, key: str | None
    ) -> None:
        before = self.fields[ticket][field]
        if value != before:
            change = ShownChange(
                at=self._clock.now(),
                author=author,
                field=field,
                before=before,
                after=value,
                key=key,
            )
            self.history[ticket].append(change)
            self.fields[ticket][field] = value

    def _add_turns(self, ticket: ExternalId, turns: Iterable[Turn]) -> None:
        known = self._conversations[ticket]
        thread = (*known.ticket.thread, *turns)
        self._conversations[ticket] = replace(
            known, ticket=known.ticket.model_copy(update={"thread": thread})
        )
