"""The embedded helpdesk: a small real one in a single SQLite file."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tasks.errors import HelpdeskDown, OperatorError
from tasks.intake import SURROGATE
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import FIELDS, Capabilities, Gone, Moved, Seen, Traces
from tasks.ticket import ExternalId, Ticket, Turn
from worker.helpdesks import forgetting, reading
from worker.helpdesks.asked import sending
from worker.helpdesks.database import BUSY_SECONDS, Database
from worker.helpdesks.reading import Conversation, Edited, Held, Replied
from worker.helpdesks.shown import MACHINE, ShownTicket
from worker.helpdesks.turns import new_turns, said_in

OPEN_TICKET = f"""
INSERT INTO tickets (external_id, {reading.HELD}, source, email, name, channel, language,
    created_at, subject, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""  # noqa: S608 - our own names
OPENING = "SELECT source, email, body FROM tickets WHERE external_id = ?"
TURN = "INSERT INTO turns (ticket, author, body, at, reply) VALUES (?, ?, ?, ?, ?)"
SET_FIELDS = f"""
UPDATE tickets SET {", ".join(f"{name} = ?" for name in FIELDS)}
WHERE external_id = ?
"""  # noqa: S608 - our own names
CHANGE = """
INSERT INTO history (ticket, at, author, field, before, after, key) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
NOTE = "INSERT INTO notes (ticket, key, author, body, at) VALUES (?, ?, ?, ?, ?)"
POSTED = "SELECT 1 FROM notes WHERE key = ?"
CLOSE = "UPDATE tickets SET status = 'closed' WHERE external_id = ? AND status = 'open'"

FULL = Capabilities(conditional_write="strict", once_only_notes=True, settle_seconds=0.0)

Answer = TypeVar("Answer")


class EmbeddedHelpdesk:
    """Keeps the promise of tasks.ports.helpdesk, and lets people and customers do their part.

    Any number of processes and threads may use one file at once. The file is opened at the first
    use. A ticket is known by its external id alone, as the port has it. Each method is one
    transaction and raises HelpdeskDown when the file does not answer.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        busy_seconds: float = BUSY_SECONDS,
        capabilities: Capabilities = FULL,
    ) -> None:
        """With lesser `capabilities` it does no more than a helpdesk that has only those."""
        self.capabilities = capabilities
        self._clock = clock
        self._database = Database(path, busy_seconds=busy_seconds)
        # One thread: the file takes one writer at a time, so a second one would only wait.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="helpdesk")

    def close(self) -> None:
        """Ends after the call that is running; every other one raises HelpdeskDown."""
        self._database.close()
        self._pool.shutdown()

    # The fleet's side: the port

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        """All fields; the version is the number of the last change of any."""
        return await self._off_the_loop(lambda: self._look(ticket))

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        """Sets them where the ticket still has that version."""
        return await self._off_the_loop(lambda: self._set_fields(ticket, values, key, version))

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """Posts an internal note, once for each key."""
        return await self._off_the_loop(lambda: self._post_note(ticket, body, key))

    async def refuses(
        self,
        ticket: ExternalId,  # noqa: ARG002 - the port's
        values: Mapping[str, str],  # noqa: ARG002 - any
    ) -> Mapping[str, str]:
        """Nothing: a field of it holds any text."""
        return {}

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        """How often history and notes have each key that begins with `key`."""
        return await self._off_the_loop(lambda: self._traces(ticket, key))

    async def _off_the_loop(self, blocking: Callable[[], Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        sending()
        try:
            job = loop.run_in_executor(self._pool, blocking)
        except RuntimeError as error:  # the pool takes no more work
            raise HelpdeskDown("the embedded helpdesk is closed: this process is ending") from error
        return await job

    def _look(self, ticket: ExternalId) -> Seen | Gone:
        with self._database.reading() as connection:
            return reading.seen(connection, ticket)

    def _set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], key: str, version: str
    ) -> Moved | Gone | None:
        with self._database.writing() as connection:
            seen = reading.seen(connection, ticket)
            if isinstance(seen, Gone):
                return seen
            if self.capabilities.conditional_write != "none" and seen.version != version:
                return Moved()
            self._set(connection, ticket, seen.fields, values, author=MACHINE, key=key)
        return None

    def _set(
        self,
        connection: sqlite3.Connection,
        ticket: ExternalId,
        held: Held,
        values: Held,
        *,
        author: str,
        key: str | None,
    ) -> None:
        """Sets what differs; each step from one value to another is kept."""
        changed = {name: value for name, value in values.items() if value != held[name]}
        if not changed:
            return
        at = self._clock.now()
        steps = [
            (ticket, at, author, name, held[name], value, f"{key}:{name}" if key else None)
            for name, value in changed.items()
        ]
        connection.executemany(CHANGE, steps)
        after = {**held, **changed}
        connection.execute(SET_FIELDS, (*(after[name] for name in FIELDS), ticket))

    def _post_note(self, ticket: ExternalId, body: str, key: str) -> Gone | None:
        with self._database.writing() as connection:
            seen = reading.seen(connection, ticket)
            if isinstance(seen, Gone):
                return seen
            once = self.capabilities.once_only_notes
            if not (once and connection.execute(POSTED, (key,)).fetchone()):
                connection.execute(NOTE, (ticket, key, MACHINE, body, self._clock.now()))
        return None

    def _traces(self, ticket: ExternalId, key: str) -> Traces:
        with self._database.reading() as connection:
            found = reading.shown(connection, ticket)
        return found.traces(key) if found else Traces()

    # The side of customers and people

    def deliver(self, ticket: Ticket, *, source: str) -> bool:
        """A customer's ticket arrives, as `deliver_many` has it."""
        return self.deliver_many([(source, ticket)])[0]

    def deliver_many(self, tickets: Iterable[tuple[str, Ticket]]) -> list[bool]:
        """Makes tickets known, each with the name of its source; all of them or none.

        A known ticket gets the turns that it does not hold yet; its fields, its status and what it
        was opened with stay. False for one that another source brought first for another customer:
        that is somebody else's conversation, and it is left alone.
        """
        with self._database.writing() as connection:
            return [_delivered(connection, source, ticket) for source, ticket in tickets]

    def edit(self, ticket: ExternalId, field: str, value: str | None, author: str) -> bool:
        """A person sets a field (None: empties it). False where no such ticket is open.

        Raises OperatorError for a field that is none and for a value that cannot be kept.
        """
        if field not in FIELDS:
            raise OperatorError(f"{field!r} is no field: {', '.join(FIELDS)}")
        if author == MACHINE:
            raise OperatorError(f"{MACHINE} is the fleet's own name: say who you are")
        _refuse_unsound(field, author, value or "")
        with self._database.writing() as connection:
            seen = reading.seen(connection, ticket)
            if isinstance(seen, Gone):
                return False
            self._set(connection, ticket, seen.fields, {field: value}, author=author, key=None)
        return True

    def reply(self, ticket: ExternalId, text: str) -> bool:
        """The customer writes again. False where no such ticket is open.

        Raises OperatorError for a text that is empty or cannot be kept.
        """
        if not text.strip():
            raise OperatorError("a reply without text says nothing: give it some")
        _refuse_unsound(text)
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        with self._database.writing() as connection:
            if isinstance(reading.seen(connection, ticket), Gone):
                return False
            turn = Turn(author="customer", body=text, at=at)
            _add_turns(connection, ticket, [turn], reply=True)
        return True

    def close_ticket(self, ticket: ExternalId) -> bool:
        """A person closes the ticket. False where no such ticket is open."""
        with self._database.writing() as connection:
            return connection.execute(CLOSE, (ticket,)).rowcount == 1

    def forget(self, email: str) -> int:
        """Nothing that was said on that customer's tickets can be read any more; how many."""
        with self._database.writing() as connection:
            found = forgetting.forget(connection, email)
        self._database.scrub()
        return found

    def show(self, ticket: ExternalId) -> ShownTicket | None:
        """The ticket as people see it, open or closed; None where there is none."""
        with self._database.reading() as connection:
            return reading.shown(connection, ticket)

    def conversation(self, ticket: ExternalId) -> Conversation | None:
        """All that was said on the ticket, open or closed; None where there is none."""
        with self._database.reading() as connection:
            return reading.conversation(connection, ticket)

    def replied(self, position: str | None, *, limit: int) -> Replied:
        """Conversations in which the customer wrote again since `position`, oldest reply first."""
        with self._database.reading() as connection:
            return reading.replied(connection, position, limit)

    def edited(self, position: str | None, *, limit: int) -> Edited:
        """Tickets whose fields people have set since `position`."""
        with self._database.reading() as connection:
            return reading.edited(connection, position, limit)

    def now(self) -> float:
        """What time it is here, in epoch seconds."""
        return self._clock.now()


def _opened(connection: sqlite3.Connection, source: str, ticket: Ticket) -> bool:
    """Whether the ticket was new."""
    values = (
        ticket.id,
        *(ticket.fields.get(name) for name in FIELDS),
        source,
        ticket.requester.email,
        ticket.requester.name,
        ticket.channel,
        ticket.language,
        ticket.created_at.isoformat(),
        ticket.subject,
        ticket.body,
    )
    return connection.execute(OPEN_TICKET, values).rowcount == 1


def _delivered(connection: sqlite3.Connection, source: str, ticket: Ticket) -> bool:
    if _opened(connection, source, ticket):
        _add_turns(connection, ticket.id, ticket.thread)
        return True
    owner, email, body = connection.execute(OPENING, (ticket.id,)).fetchone()
    if source != owner and email != ticket.requester.email:
        return False
    held = (*reading.turns_of(connection, ticket.id), Turn(author="customer", body=body))
    _add_turns(connection, ticket.id, new_turns(held, said_in(ticket)))
    return True


def _add_turns(
    connection: sqlite3.Connection,
    ticket: ExternalId,
    turns: Iterable[Turn],
    *,
    reply: bool = False,
) -> None:
    rows = [
        (ticket, turn.author, turn.body, turn.at.isoformat() if turn.at else None, reply)
        for turn in turns
    ]
    connection.executemany(TURN, rows)


def _refuse_unsound(*texts: str) -> None:
    """A shell hands over bytes that are no text as half surrogate pairs; no store keeps those."""
    if any("\x00" in text or SURROGATE.search(text) for text in texts):
        raise OperatorError("the text is not UTF-8, or has a NUL character in it")
