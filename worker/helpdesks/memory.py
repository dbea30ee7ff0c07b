"""The embedded helpdesk's twin: the same promises, in the memory of one process."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tasks.errors import OperatorError
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import FIELDS, FieldResult, FieldWrite, Gone
from tasks.ticket import ExternalId, Ticket, Turn
from worker.clock import SystemClock
from worker.helpdesks.fence import settle
from worker.helpdesks.reading import Conversation
from worker.helpdesks.shown import MACHINE, ShownChange, ShownNote, ShownTicket, untouched
from worker.helpdesks.turns import new_turns, said_in


class MemoryHelpdesk:
    """Keeps the promise of tasks.ports.helpdesk. Its parts may be looked at and rearranged.

    `fields` holds each ticket's fields by name: `helpdesk.fields["T-1"]["queue"]`.
    """

    def __init__(self, tickets: Iterable[Ticket] = (), *, clock: Clock | None = None) -> None:
        self.fields: dict[str, dict[str, str | None]] = {}
        self.notes: dict[str, list[ShownNote]] = {}
        self.history: dict[str, list[ShownChange]] = {}
        self.closed: set[str] = set()
        self._conversations: dict[str, Conversation] = {}
        self._clock = clock or SystemClock()
        self.deliver_many(("memory", ticket) for ticket in tickets)

    def close(self) -> None:
        """Nothing to close; here for whoever does not know which helpdesk it holds."""

    async def write(
        self, ticket: ExternalId, wanted: Mapping[str, FieldWrite], *, key: str
    ) -> Mapping[str, FieldResult] | Gone:
        """Sets the fields that no person has set to something else."""
        if gone := self._gone(ticket):
            return gone
        held = self.fields[ticket]
        done = {change.field for change in self.history[ticket] if change.key == key}
        for name, change in wanted.items():
            settled = settle(held[name], change, done=name in done)
            self._set(ticket, name, settled, author=MACHINE, key=key)
        return {
            name: FieldResult(applied=held[name] == change.value, holds=held[name])
            for name, change in wanted.items()
        }

    async def add_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """Posts an internal note, once for each key."""
        if gone := self._gone(ticket):
            return gone
        if not any(note.key == key for notes in self.notes.values() for note in notes):
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
