"""What the embedded helpdesk's tables hold of one ticket, as values."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.ports.helpdesk import FIELDS, Gone, Seen
from tasks.ticket import ExternalId, Requester, Ticket, Turn
from worker.helpdesks.shown import MACHINE, ShownChange, ShownNote, ShownTicket, untouched

HELD = ", ".join(FIELDS)

FIELDS_OF = f"SELECT status, {HELD} FROM tickets WHERE external_id = ?"  # noqa: S608 - our names
VERSION = "SELECT coalesce(max(id), 0) FROM history WHERE ticket = ?"
TICKET = """
SELECT source, subject, body, channel, email, name, language, created_at
FROM tickets WHERE external_id = ?
"""
TURNS = "SELECT author, body, at FROM turns WHERE ticket = ? ORDER BY id"
NOTES = "SELECT key, author, body, at FROM notes WHERE ticket = ? ORDER BY id"
HISTORY = "SELECT at, author, field, before, after, key FROM history WHERE ticket = ? ORDER BY id"
EDITED = """
SELECT DISTINCT h.ticket, t.source FROM history h JOIN tickets t ON t.external_id = h.ticket
WHERE h.id > ? AND h.id <= ? AND h.author <> ?
"""
EDITS = "SELECT id FROM history WHERE id > ? AND author <> ? ORDER BY id LIMIT ?"
NEWEST_EDIT = "SELECT (SELECT name FROM identity), coalesce(max(id), 0) FROM history"
REPLIED = "SELECT ticket, id FROM turns WHERE reply AND id > ? ORDER BY id LIMIT ?"
NEWEST = "SELECT (SELECT name FROM identity), coalesce(max(id), 0) FROM turns"

DIGITS = 19
"""Of SQLite's largest number: no position of ours has as many."""

Held = Mapping[str, str | None]
"""All of FIELDS with what they hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A ticket as the helpdesk holds it now, with the source that first brought it.

    Its fields are those that a new triage may replace: what a person chose is left out.
    """

    source: str
    ticket: Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Replied:
    """Conversations in which the customer wrote again, each once, and where to go on."""

    conversations: tuple[Conversation, ...]
    position: str
    more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """Tickets (with their source) on which people have set fields, as shown, and where to go on."""

    tickets: tuple[tuple[str, ExternalId, ShownTicket], ...]
    position: str
    more: bool


def seen(connection: sqlite3.Connection, ticket: ExternalId) -> Seen | Gone:
    """An open ticket as it stands."""
    row = connection.execute(FIELDS_OF, (ticket,)).fetchone()
    if row is None:
        return Gone(f"the helpdesk has no ticket {ticket}")
    status, *held = row
    if status == "closed":
        return Gone(f"{ticket} is closed")
    [(version,)] = connection.execute(VERSION, (ticket,))
    return Seen(fields=dict(zip(FIELDS, held, strict=True)), version=str(version))


def shown(connection: sqlite3.Connection, ticket: ExternalId) -> ShownTicket | None:
    """The ticket as people see it, open or closed; None where there is none."""
    row = connection.execute(FIELDS_OF, (ticket,)).fetchone()
    if row is None:
        return None
    return ShownTicket(
        fields=dict(zip(FIELDS, row[1:], strict=True)),
        notes=tuple(
            ShownNote(key=key, author=author, body=body, at=at)
            for key, author, body, at in connection.execute(NOTES, (ticket,))
        ),
        history=tuple(
            ShownChange(at=at, author=author, field=field, before=before, after=after, key=key)
            for at, author, field, before, after, key in connection.execute(HISTORY, (ticket,))
        ),
    )


def turns_of(connection: sqlite3.Connection, ticket: ExternalId) -> tuple[Turn, ...]:
    """Every turn but the ticket's own body, in the order in which they came."""
    return tuple(
        Turn.model_validate({"author": author, "body": body, "at": at})
        for author, body, at in connection.execute(TURNS, (ticket,))
    )


def conversation(connection: sqlite3.Connection, ticket: ExternalId) -> Conversation | None:
    """The whole ticket; None where there is none."""
    row = connection.execute(TICKET, (ticket,)).fetchone()
    seen = shown(connection, ticket)
    if row is None or seen is None:
        return None
    source, subject, body, channel, email, name, language, created_at = row
    return Conversation(
        source=source,
        ticket=Ticket(
            id=ticket,
            subject=subject,
            body=body,
            channel=channel,
            requester=Requester(email=email, name=name),
            created_at=created_at,
            thread=turns_of(connection, ticket),
            fields=untouched(seen.fields, seen.history),
            language=language,
        ),
    )


def replied(connection: sqlite3.Connection, position: str | None, limit: int) -> Replied:
    """Conversations with customers' replies after `position`, by the first of each.

    The beginning, where `position` is of another file (this one was made anew) or ahead of this
    one (it was brought back from a copy).
    """
    file, newest = connection.execute(NEWEST).fetchone()
    after = _after(position, file, newest)
    rows = connection.execute(REPLIED, (after, limit + 1)).fetchall()
    here = rows[:limit]
    found = (conversation(connection, ticket) for ticket in dict.fromkeys(row[0] for row in here))
    return Replied(
        conversations=tuple(one for one in found if one is not None),
        position=f"{file}:{here[-1][1] if here else after}",
        more=len(rows) > limit,
    )


def edited(connection: sqlite3.Connection, position: str | None, limit: int) -> Edited:
    """Tickets whose fields people have set after `position`, at most so many edits; as `replied`.

    Their ids are looked through as far as the newest one: what the fleet wrote is passed over once.
    """
    file, newest = connection.execute(NEWEST_EDIT).fetchone()
    after = _after(position, file, newest)
    if after == newest:
        return Edited(tickets=(), position=f"{file}:{after}", more=False)
    rows = connection.execute(EDITS, (after, MACHINE, limit + 1)).fetchall()
    more = len(rows) > limit
    until = rows[limit - 1][0] if more else newest
    found = connection.execute(EDITED, (after, until, MACHINE)).fetchall()
    return Edited(
        tickets=tuple(
            (source, ticket, one)
            for ticket, source in found
            if (one := shown(connection, ticket)) is not None
        ),
        position=f"{file}:{until}",
        more=more,
    )


def _after(position: str | None, file: str, newest: int) -> int:
    known, _, number = (position or "").partition(":")
    readable = known == file and number.isdecimal() and len(number) < DIGITS
    return int(number) if readable and int(number) <= newest else 0
