"""Texts that are to be gone: of who wants to be forgotten, and those that have expired."""

from contextlib import closing

from sqlalchemy import Engine, delete, select, tuple_

from tasks.run import State
from worker.chance import oldest_id
from worker.ledgers import schema
from worker.ledgers.engine import writing
from worker.ledgers.noticing import keep_new
from worker.ledgers.outage import answering

FORGOTTEN = "forgotten"
"""What a notice of it is called; its subject is the requester's keyed hash."""

AT_REST = (State.WRITTEN, State.IN_REVIEW, State.DEAD, State.DROPPED)
"""Whoever is not there yet needs the texts, however old they are."""


class LedgerForgetting:
    """The part of the ledger that lets go of what people said."""

    engine: Engine

    def forget(self, requester: str, *, at: float, by: str) -> int:
        """Deletes the requester's texts, and the key without which no copy of one can be opened.

        What a worker still seals of a run in hand is sealed under that key. How many texts there
        were.
        """
        bodies, keys = schema.bodies, schema.keys
        with writing(self.engine) as connection:
            gone = connection.execute(delete(bodies).where(bodies.c.requester == requester))
            connection.execute(delete(keys).where(keys.c.requester == requester))
            keep_new(connection, at, FORGOTTEN, requester, {"texts": gone.rowcount, "by": by})
        self._scrub()
        return gone.rowcount

    def expire(self, now: float, *, kept_seconds: float, limit: int) -> int:
        """Deletes texts that have expired, of runs that are at rest; how many, `limit` at most."""
        bodies, runs = schema.bodies, schema.runs
        expired = (
            select(bodies.c.run, bodies.c.name)
            .join(runs, runs.c.id == bodies.c.run)
            .where(
                bodies.c.run < oldest_id(now - kept_seconds),  # ids begin with their moment
                bodies.c.expires_at < now,
                runs.c.state.in_(AT_REST),
            )
            .order_by(bodies.c.run)
            .limit(limit)
        )
        with writing(self.engine) as connection:
            found = connection.execute(expired).all()
            if not found:
                return 0
            key = tuple_(bodies.c.run, bodies.c.name)
            return connection.execute(delete(bodies).where(key.in_(found))).rowcount

    def _scrub(self) -> None:
        """SQLite's log keeps what was overwritten until it begins anew."""
        if self.engine.dialect.name == "sqlite":
            with answering(), closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
