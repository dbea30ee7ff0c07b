"""Trips: breakers that an operator holds open, whatever becomes of the broker."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.noticing import Notice, keep

TRIP_COLUMNS = {"name": "text", "since": "float8", "by": "text", "why": "text"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trip:
    """Nothing goes through the breaker of that name until somebody resets it."""

    name: str
    since: float
    by: str
    why: str


class LedgerTripping:
    """The part of the ledger that knows what is tripped."""

    engine: Engine

    def trip(self, trip: Trip, notice: Notice) -> bool:
        """Whether it was not tripped already; only then is there anything to notice."""
        row = (trip.name, trip.since, trip.by, trip.why)
        with writing(self.engine) as connection:
            is_new = bool(bulk.add_new(connection, "trips", TRIP_COLUMNS, [row]))
            if is_new:
                keep(connection, [notice])
        return is_new

    def untrip(self, name: str, notice: Notice) -> bool:
        """Whether it was tripped. The notice is kept all the same: a reset closes it too."""
        trips = schema.trips
        with writing(self.engine) as connection:
            gone = connection.execute(delete(trips).where(trips.c.name == name))
            keep(connection, [notice])
        return gone.rowcount == 1

    def trips(self) -> Sequence[Trip]:
        """All there are, by name."""
        trips = schema.trips
        query = select(*(trips.c[name] for name in TRIP_COLUMNS)).order_by(trips.c.name)
        with reading(self.engine) as connection:
            found = connection.execute(query)
            return [Trip(name=name, since=at, by=by, why=why) for name, at, by, why in found]
