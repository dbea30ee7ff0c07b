"""Guards that an operator has switched off for a while. Nothing lifts that but time and people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, delete, insert, select

from worker.ledgers import schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.noticing import keep_new


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardOff:
    """A guard of config.guards.GUARDS that is off until then (epoch seconds), by whom and why."""

    name: str
    until: float
    since: float
    by: str
    why: str


COLUMNS = tuple(schema.guards_off.c[name] for name in ("name", "until", "since", "by", "why"))


class LedgerSwitching:
    """The part of the ledger that knows which guards are off."""

    engine: Engine

    def switch_off(self, guard: GuardOff) -> None:
        """It is off, as this says, whatever was said of it before."""
        table = schema.guards_off
        said = {"by": guard.by, "why": guard.why, "until": guard.until}
        with writing(self.engine) as connection:
            connection.execute(delete(table).where(table.c.name == guard.name))
            connection.execute(insert(table), asdict(guard))
            keep_new(connection, guard.since, "guard.off", guard.name, said)

    def switch_on(self, name: str, *, by: str, at: float) -> bool:
        """It guards again; whether it was off."""
        table = schema.guards_off
        with writing(self.engine) as connection:
            gone = connection.execute(delete(table).where(table.c.name == name)).rowcount == 1
            if gone:
                keep_new(connection, at, "guard.on", name, {"by": by})
        return gone

    def switch_on_expired(self, now: float) -> Sequence[GuardOff]:
        """Forgets those whose time is over; each is noticed once, however many ask."""
        table = schema.guards_off
        over = table.c.until <= now
        with writing(self.engine) as connection:
            query = select(*COLUMNS).where(over).order_by(table.c.name).with_for_update()
            gone = [_guard(*row) for row in connection.execute(query)]
            for guard in gone:
                connection.execute(delete(table).where(table.c.name == guard.name))
                said = {"by": guard.by, "why": guard.why}
                keep_new(connection, guard.until, "guard.expired", guard.name, said)
        return gone

    def guards_off(self, now: float) -> Sequence[GuardOff]:
        """Those that are off at that moment, by name."""
        table = schema.guards_off
        query = select(*COLUMNS).where(table.c.until > now).order_by(table.c.name)
        with reading(self.engine) as connection:
            return [_guard(*row) for row in connection.execute(query)]

    def has_expired(self, now: float) -> bool:
        """Whether `switch_on_expired` has anything to do: it writes, and this only reads."""
        query = select(schema.guards_off.c.name).where(schema.guards_off.c.until <= now).limit(1)
        with reading(self.engine) as connection:
            return connection.execute(query).first() is not None


def _guard(name: str, until: float, since: float, by: str, why: str) -> GuardOff:
    return GuardOff(name=name, until=until, since=since, by=by, why=why)
