"""What people say that a field should be: the only truth that decisions are measured by."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, delete, insert, select

from tasks.confidence import score_of
from tasks.events import Kind
from tasks.run import RunId
from worker.ledgers import schema
from worker.ledgers.engine import reading, writing


class How(StrEnum):
    """How people came to say it.

    A correction is made where something looked wrong, a review where no machine decided, an audit
    without a look at what was decided. Only the last says how much is right.
    """

    CORRECTION = "correction"
    REVIEW = "review"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """`said` is what was decided, None: nothing; `at` is epoch seconds."""

    run: RunId
    field: str
    how: How
    said: str | None
    truth: str
    by: str
    at: float

    @property
    def is_right(self) -> bool:
        """Whether what was decided is what people say."""
        return self.said == self.truth


PAGE = 500
COLUMNS = tuple(
    schema.labels.c[name] for name in ("run", "field", "how", "said", "truth", "by", "at")
)


class LedgerLabelling:
    """The part of the ledger that holds labels."""

    engine: Engine

    def label(self, labels: Sequence[Label]) -> None:
        """Each holds from now on, whatever was said in that way of that field before."""
        if not labels:
            return
        with writing(self.engine) as connection:
            keep(connection, labels)

    def labels(self, hows: Collection[How] = tuple(How), since: float = 0.0) -> Sequence[Label]:
        """Those that were given in these ways since then, oldest first."""
        table = schema.labels
        query = (
            select(*COLUMNS)
            .where(table.c.how.in_([str(how) for how in hows]), table.c.at >= since)
            .order_by(table.c.at, table.c.run, table.c.field)
        )
        with reading(self.engine) as connection:
            return [_label(*row) for row in connection.execute(query)]

    def scores(self, runs: Sequence[RunId]) -> Mapping[RunId, tuple[str, float | None]]:
        """Of each run the model that decided it, and the score of its answer; None: it has none."""
        events = schema.events
        found: dict[RunId, tuple[str, float | None]] = {}
        with reading(self.engine) as connection:
            for start in range(0, len(runs), PAGE):
                query = (
                    select(events.c.run, events.c.body)
                    .where(
                        events.c.run.in_(runs[start : start + PAGE]),
                        events.c.kind == str(Kind.CLASSIFIED),
                    )
                    .order_by(events.c.run, events.c.seq)
                )
                rows = ((str(run), str(body)) for run, body in connection.execute(query))
                found |= dict(_scores(rows))
        return found

    def labels_of(self, run: RunId) -> Sequence[Label]:
        """All that was said of one run, oldest first."""
        table = schema.labels
        query = select(*COLUMNS).where(table.c.run == run).order_by(table.c.at, table.c.field)
        with reading(self.engine) as connection:
            return [_label(*row) for row in connection.execute(query)]


def _scores(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[RunId, tuple[str, float | None]]]:
    """In the order in which they came: the last one of a run counts. Older ones name no model."""
    for run, kept in rows:
        body = json.loads(kept)
        yield RunId(run), (str(body.get("model")), score_of(body.get("measured") or {}))


def keep(connection: Connection, labels: Sequence[Label]) -> None:
    """In the transaction that there is."""
    table = schema.labels
    for one in labels:
        same = (table.c.run == one.run) & (table.c.field == one.field) & (table.c.how == one.how)
        connection.execute(delete(table).where(same))
        connection.execute(insert(table), asdict(one))


def _label(run: str, field: str, how: str, said: str | None, *rest: object) -> Label:
    truth, by, at = rest
    return Label(
        run=RunId(run),
        field=field,
        how=How(how),
        said=said,
        truth=str(truth),
        by=str(by),
        at=float(str(at)),
    )
