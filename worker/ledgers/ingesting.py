"""Intake: each message once, however often and by however many it is brought."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, bindparam, select, update

from config.mode import Mode
from tasks.birth import beginning
from tasks.journey import fold
from tasks.ports.ledger import Arrival, Cursor, SealedKey, Taken
from tasks.run import State, TicketId
from worker.ledgers import bulk, lining_up, schema, sourcing
from worker.ledgers.engine import reading, writing
from worker.ledgers.rows import (
    BODY_COLUMNS,
    EVENT_COLUMNS,
    RUN_COLUMNS,
    UNSOUND,
    body_values,
    event_values,
    run_values,
    sound,
)
from worker.ledgers.superseding import Birth, settle_among, supersede

LOOP_REVISIONS = 5
LOOP_SECONDS = 600.0
"""More revisions of a ticket in so long are no conversation between people."""

KEY_COLUMNS = {"requester": "text", "cipher": "bytea"}
TICKET_COLUMNS = {"id": "text", "source": "text", "external_id": "text", "revision": "int"}


def ticket_id(source: str, external_id: str) -> TicketId:
    """The ticket's id in the ledger: the same for the same source and external id, everywhere."""
    return TicketId(hashlib.sha256(f"{source}\x00{external_id}".encode()).hexdigest()[:24])


@dataclass(slots=True)
class _Ticket:
    """What the ledger knows of a ticket whose row is ours until the commit."""

    kept: int  # the revision in its row
    revision: int  # the newest there is
    digests: set[str]
    came: list[float]  # when each revision did
    lives: bool = False  # a run of it is there to be written, and not only to be compared

    def quiet_at(self, now: float) -> float | None:
        """When it has been quiet for long enough, if nothing comes any more; None: it is."""
        recent = sum(now - LOOP_SECONDS < at <= now for at in self.came)
        return now + LOOP_SECONDS if recent >= LOOP_REVISIONS else None


class LedgerIngesting:
    """The intake half of the ledger."""

    engine: Engine

    def keep_keys(self, keys: Sequence[SealedKey]) -> Mapping[str, SealedKey]:
        """Keeps each key whose requester has none yet, and says which key stands for each."""
        offered = {key.requester: key for key in reversed(keys)}
        with reading(self.engine) as connection:  # most who write have written before
            standing = _standing(connection, offered)
        rows = [(name, offered[name].cipher) for name in sorted(offered.keys() - standing.keys())]
        if rows:
            with writing(self.engine) as connection:
                kept = bulk.add_new(connection, "keys", KEY_COLUMNS, rows)
                standing |= _standing(connection, [name for name, _ in rows if name not in kept])
        return offered | standing

    def ingest(self, arrivals: Sequence[Arrival], *, cursor: Cursor | None) -> Taken:
        """Takes in what is new, in one transaction with the source's cursor."""
        unique: dict[tuple[TicketId, str], Arrival] = {}
        for arrival in map(_sound, arrivals):
            ticket = ticket_id(arrival.source, arrival.external_id)
            unique.setdefault((ticket, arrival.digest), arrival)
        with writing(self.engine) as connection:
            tickets = _lock_tickets(connection, unique)
            hours = lining_up.hours(connection, unique.values())
            births = settle_among(_births(unique, tickets))
            gone = supersede(connection, births)
            births = lining_up.line_up(connection, births, gone, hours)
            _bear(connection, births)
            _count_revisions(connection, tickets)
            if cursor is not None:
                _move(connection, cursor)
        runs = tuple(birth.run for birth in births)
        dropped = sum(run.state is State.DROPPED for run in runs) + len(gone)
        return Taken(runs=runs, known=len(arrivals) - len(runs), superseded=dropped)


def _standing(connection: Connection, names: Collection[str]) -> dict[str, SealedKey]:
    found = bulk.having(connection, "keys", ("requester", "cipher"), names)
    return {name: SealedKey(requester=name, cipher=cipher) for name, cipher in found}


def _sound(arrival: Arrival) -> Arrival:
    """As any database takes it: what a source calls its tickets is the one name not ours."""
    why = arrival.malformed[1] if arrival.malformed else ""
    if UNSOUND.search(arrival.external_id + why) is None:
        return arrival
    malformed = (arrival.malformed[0], sound(why)) if arrival.malformed else None
    return replace(arrival, external_id=sound(arrival.external_id), malformed=malformed)


def _lock_tickets(
    connection: Connection, unique: Mapping[tuple[TicketId, str], Arrival]
) -> dict[TicketId, _Ticket]:
    """Every ticket that is spoken of, new ones as if their first run was there already."""
    named = {ticket: arrival for (ticket, _), arrival in unique.items()}
    rows = [
        (ticket, arrival.source, arrival.external_id, 1)
        for ticket, arrival in sorted(named.items())  # one order for everybody: no deadlock
    ]
    new = bulk.add_new(connection, "tickets", TICKET_COLUMNS, rows)
    tickets = {ticket: _Ticket(kept=1, revision=0, digests=set(), came=[]) for ticket in named}
    older = [ticket for ticket in named if ticket not in new]
    if older:
        table, runs = schema.tickets, schema.runs
        lock = select(table.c.id, table.c.revision).where(table.c.id.in_(older))
        for ticket, revision in connection.execute(lock.order_by(table.c.id).with_for_update()):
            tickets[ticket].kept = tickets[ticket].revision = revision
        columns = (runs.c.ticket, runs.c.digest, runs.c.ingested_at, runs.c.mode)
        for ticket, digest, at, mode in connection.execute(
            select(*columns).where(runs.c.ticket.in_(older))
        ):
            tickets[ticket].digests.add(digest)
            tickets[ticket].came.append(at)
            tickets[ticket].lives |= mode != Mode.SHADOW
    return tickets


def _births(
    unique: Mapping[tuple[TicketId, str], Arrival], tickets: Mapping[TicketId, _Ticket]
) -> list[Birth]:
    births = []
    for (ticket, digest), arrival in unique.items():
        known = tickets[ticket]
        # Its customer has come back while it was read as one that is closed: it is live.
        takes_over = arrival.mode is Mode.SHADOW and known.lives
        if digest not in known.digests and not takes_over:
            known.revision += 1
            quiet_at = known.quiet_at(arrival.at)
            events = beginning(arrival, ticket, known.revision, quiet_at=quiet_at)
            births.append(Birth(arrival=arrival, events=events, run=fold(events)))
    return births


def _bear(connection: Connection, births: Sequence[Birth]) -> None:
    bulk.add(connection, "runs", RUN_COLUMNS, [tuple(run_values(birth.run)) for birth in births])
    events = [event_values(event) for birth in births for event in birth.events]
    bulk.add(connection, "events", EVENT_COLUMNS, events)
    bodies = [body_values(body) for birth in births for body in birth.arrival.bodies]
    bulk.add(connection, "bodies", BODY_COLUMNS, bodies)


def _count_revisions(connection: Connection, tickets: Mapping[TicketId, _Ticket]) -> None:
    table = schema.tickets
    grown = [
        {"ticket": ticket, "newest": known.revision}
        for ticket, known in tickets.items()
        if known.revision != known.kept
    ]
    if grown:
        counted = update(table).where(table.c.id == bindparam("ticket"))
        connection.execute(counted.values(revision=bindparam("newest")), grown)


def _move(connection: Connection, cursor: Cursor) -> None:
    row = (cursor.source, cursor.position, cursor.polled_at)
    if not bulk.add_new(connection, "cursors", sourcing.CURSOR_COLUMNS, [row]):
        table = schema.cursors
        connection.execute(
            update(table)
            .where(table.c.source == cursor.source)
            .values(position=cursor.position, polled_at=cursor.polled_at)
        )
