"""What was told of alerts, and what is still to be told by which channel."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from worker.chance import oldest_id, token
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """An alert as the ledger knows it; moments are epoch seconds.

    `told_at`: when it was last decided to tell it. `resolved_at`: since when it does not hold;
    `resolution_told_at`: when that was told, and the alert was over.
    """

    name: str
    kind: str
    text: str
    since: float
    told_at: float
    resolved_at: float | None = None
    resolution_told_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether whoever was told of it was told of its end."""
        return self.resolution_told_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """Something to be told by one channel from `due_at` on; `tries` were in vain."""

    id: str
    channel: str
    body: str
    tries: int
    due_at: float


ALERT = tuple(schema.alerts.c[name] for name in Kept.__dataclass_fields__)
TELLING = tuple(schema.tellings.c[name] for name in Telling.__dataclass_fields__)
MARK_COLUMNS = {"name": "text", "at": "float8", "value": "text"}


class LedgerAlerting:
    """The part of the ledger that keeps alerts from being told twice, or never."""

    engine: Engine

    def alerts(self) -> Mapping[str, Kept]:
        """Every alert that ever was, by name."""
        with reading(self.engine) as connection:
            found = [
                Kept(**dict(zip(Kept.__dataclass_fields__, row, strict=True)))
                for row in connection.execute(select(*ALERT))
            ]
        return {one.name: one for one in found}

    def keep_alert(
        self, before: Kept | None, after: Kept, bodies: Mapping[str, str], now: float
    ) -> bool:
        """Keeps `after`, and in the same commit what is to be told: channel -> document.

        Whether it did; not where somebody else has moved the alert since it was `before`.
        """
        with writing(self.engine) as connection:
            if not _moved(connection, before, after):
                return False
            for channel, body in bodies.items():
                row = {"id": oldest_id(now) + token(), "channel": channel, "body": body}
                connection.execute(insert(schema.tellings), {**row, "due_at": now})
        return True

    def untold(self, channel: str) -> Telling | None:
        """The oldest that this channel has still to tell, due or not: they go in order."""
        table = schema.tellings
        query = select(*TELLING).where(table.c.channel == channel).order_by(table.c.id).limit(1)
        with reading(self.engine) as connection:
            row = connection.execute(query).first()
        return Telling(**dict(zip(Telling.__dataclass_fields__, row, strict=True))) if row else None

    def told(self, telling: Telling) -> None:
        """That one was told, or never will be."""
        with writing(self.engine) as connection:
            gone = delete(schema.tellings).where(schema.tellings.c.id == telling.id)
            connection.execute(gone)

    def put_off(self, telling: Telling, until: float) -> None:
        """It could not be told, and is tried again then."""
        table = schema.tellings
        later = update(table).where(table.c.id == telling.id)
        with writing(self.engine) as connection:
            connection.execute(later.values(tries=telling.tries + 1, due_at=until))

    def give_up(self, older_than: float) -> int:
        """Forgets what was to be told before then, by channels that are gone too; how many."""
        table = schema.tellings
        old = table.c.id < oldest_id(older_than)
        with reading(self.engine) as connection:
            found = connection.execute(select(func.count()).where(old)).scalar_one()
        if found:
            with writing(self.engine) as connection:
                connection.execute(delete(table).where(old))
        return found

    def marked(self, prefix: str) -> Mapping[str, float]:
        """Marks whose name begins so -> when they were made."""
        marks = schema.marks
        query = select(marks.c.name, marks.c.at).where(marks.c.name.startswith(prefix))
        with reading(self.engine) as connection:
            return {str(name): float(at) for name, at in connection.execute(query)}

    def mark(self, names: Collection[str], at: float) -> None:
        """Makes those that are not there yet."""
        with writing(self.engine) as connection:
            rows = [(name, at, "") for name in sorted(names)]
            bulk.add_new(connection, "marks", MARK_COLUMNS, rows)


def _moved(connection: Connection, before: Kept | None, after: Kept) -> bool:
    table = schema.alerts
    if before is None:
        columns = {name: TYPES.get(name, "float8") for name in Kept.__dataclass_fields__}
        return bool(bulk.add_new(connection, "alerts", columns, [tuple(asdict(after).values())]))
    same = [
        table.c[name].is_not_distinct_from(value)
        for name, value in asdict(before).items()
        if name not in ("kind", "text")
    ]
    return connection.execute(update(table).where(*same).values(**asdict(after))).rowcount == 1


TYPES = {"name": "text", "kind": "text", "text": "text"}
