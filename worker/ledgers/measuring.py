"""What was decided, and what people say of it: what accuracy is counted from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)

from config.mode import Mode
from config.policy import Watch
from tasks.corrections import OUTCOMES
from tasks.run import Run, RunId, State
from tasks.watching import DAY, HOUR, Decided, Judged, Wrong, watch
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.labelling import How, Label
from worker.ledgers.reading import RUNS
from worker.ledgers.rows import run_of

CLAIM = "audit "
"""Before the run, in the mark of whoever is labelling it."""


REVIEWED = schema.labels.alias("reviewed")
REVIEW = and_(
    REVIEWED.c.run == schema.runs.c.id,
    REVIEWED.c.field == "issue_type",
    REVIEWED.c.how == str(How.REVIEW),
)
SAID = case((REVIEWED.c.run.is_(None), schema.runs.c.issue_type), else_=REVIEWED.c.said)
"""What the fleet says that a run's type is: where a person decided, what it had proposed."""


def counts() -> ColumnElement[bool]:
    """Runs whose decision stands; not those of a backfill, which nobody waits for."""
    runs = schema.runs
    return and_(
        runs.c.state == State.WRITTEN,
        runs.c.outcome.in_([str(one) for one in OUTCOMES]),
        runs.c.mode.is_distinct_from(Mode.SHADOW),
        runs.c.issue_type.is_not(None),
    )


def decided_alone() -> ColumnElement[bool]:
    """Of those the ones that no person has decided in review: whoever corrects them corrects us."""
    return and_(counts(), ~select(REVIEWED.c.run).where(REVIEW).exists())


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What the fleet has said of one issue type: how often, and how often nobody said anything.

    Where a person decided in review that is what it had proposed; None: it had proposed nothing.
    """

    issue_type: str | None
    decided: int
    unseen: int


class LedgerMeasuring:
    """The part of the ledger that counts what is right."""

    engine: Engine

    def tallies(self, since: float, until: float) -> Sequence[Tally]:
        """Of what was decided between these moments (epoch seconds), by issue type."""
        runs, labels = schema.runs, schema.labels
        seen = select(labels.c.run).where(labels.c.run == runs.c.id).exists()
        query = (
            select(SAID, func.count(), func.count().filter(~seen))
            .select_from(runs.outerjoin(REVIEWED, REVIEW))
            .where(counts(), runs.c.routed_at >= since, runs.c.routed_at < until)
            .group_by(SAID)
        )
        with reading(self.engine) as connection:
            tallies = [
                Tally(issue_type=name, decided=decided, unseen=unseen)
                for name, decided, unseen in connection.execute(query)
            ]
        return sorted(tallies, key=lambda one: one.issue_type or "")

    def labelled(self, since: float, until: float) -> Sequence[tuple[str | None, Label]]:
        """What people say of those, each with the issue type that the fleet has said.

        What is said of a person's decision afterwards is about them.
        """
        runs, labels = schema.runs, schema.labels
        columns = [labels.c[name] for name in ("run", "field", "how", "said", "truth", "by", "at")]
        query = (
            select(SAID, *columns)
            .select_from(labels.join(runs, runs.c.id == labels.c.run).outerjoin(REVIEWED, REVIEW))
            .where(counts(), runs.c.routed_at >= since, runs.c.routed_at < until)
            .where(or_(REVIEWED.c.run.is_(None), labels.c.how == str(How.REVIEW)))
            .order_by(labels.c.at)
        )
        with reading(self.engine) as connection:
            return [
                (
                    name,
                    Label(
                        run=RunId(run),
                        field=field,
                        how=How(how),
                        said=said,
                        truth=truth,
                        by=by,
                        at=at,
                    ),
                )
                for name, run, field, how, said, truth, by, at in connection.execute(query)
            ]

    def written_since(self, since: float) -> Sequence[RunId]:
        """What the fleet has decided alone: ids, oldest first."""
        runs = schema.runs
        lately = and_(decided_alone(), runs.c.routed_at >= since)
        query = select(runs.c.id).where(lately).order_by(runs.c.id)
        with reading(self.engine) as connection:
            return [RunId(run) for (run,) in connection.execute(query)]

    def standing_of(self, runs: Collection[RunId]) -> Sequence[Run]:
        """These as they stand, oldest first."""
        table = schema.runs
        query = RUNS.where(table.c.id.in_(list(runs))).order_by(table.c.id)
        with reading(self.engine) as connection:
            return [run_of(row) for row in connection.execute(query)]

    def claims(self) -> Mapping[RunId, tuple[str, float]]:
        """Who is labelling which run, and since when."""
        marks = schema.marks
        query = select(marks.c.name, marks.c.value, marks.c.at).where(
            marks.c.name.startswith(CLAIM)
        )
        with reading(self.engine) as connection:
            return {
                RunId(name.removeprefix(CLAIM)): (by, float(at))
                for name, by, at in connection.execute(query)
            }

    def claim_audit(self, run: RunId, by: str, at: float, lapsed: float) -> bool:
        """It is theirs, unless somebody else has had it since `lapsed`."""
        marks, name = schema.marks, f"{CLAIM}{run}"
        mine = {"at": at, "value": by}
        with writing(self.engine) as connection:
            query = select(marks.c.value, marks.c.at).where(marks.c.name == name).with_for_update()
            held = connection.execute(query).first()
            if held is None:
                return _first(connection, name, mine)
            if held[0] != by and lapsed < held[1] <= at:
                return False
            connection.execute(marks.update().where(marks.c.name == name).values(**mine))
            return True

    def end_claim(self, run: RunId) -> None:
        """Nobody is labelling it any more."""
        marks = schema.marks
        with writing(self.engine) as connection:
            connection.execute(marks.delete().where(marks.c.name == f"{CLAIM}{run}"))


def _first(connection: Connection, name: str, mine: Mapping[str, object]) -> bool:
    """Of two who come at once the database lets one in."""
    columns = {"name": "text", "at": "float8", "value": "text"}
    row = (name, mine["at"], mine["value"])
    return bool(bulk.add_new(connection, "marks", columns, [row]))


def read_decided(connection: Connection, since: float) -> Sequence[Decided]:
    """How much the fleet decided since then, by the hour and issue type: a row for each at most."""
    runs = schema.runs
    hour = _whole(connection, runs.c.routed_at / HOUR)
    query = (
        select(runs.c.issue_type, hour, func.count())
        .where(decided_alone(), runs.c.routed_at >= since)
        .group_by(runs.c.issue_type, hour)
    )
    return [
        Decided(issue_type=name, at=float(number) * HOUR, tickets=count)
        for name, number, count in connection.execute(query)
    ]


def _whole(connection: Connection, number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Rounded down; not every SQLite knows `floor`, and PostgreSQL's casts round."""
    if connection.dialect.name == "postgresql":
        return func.floor(number)
    return cast(number, Integer)


def read_wrong(connection: Connection, since: float) -> Sequence[Wrong]:
    """What of that people have corrected in the helpdesk."""
    runs, labels = schema.runs, schema.labels
    query = (
        select(labels.c.field, labels.c.truth, runs.c.issue_type, runs.c.routed_at)
        .join(runs, runs.c.id == labels.c.run)
        .where(
            labels.c.how == str(How.CORRECTION),
            labels.c.at >= since,
            labels.c.said.is_not(None),
            labels.c.said != labels.c.truth,
            decided_alone(),
            runs.c.routed_at >= since,
        )
    )
    return [
        Wrong(
            field=field,
            at=float(at),
            said=said,
            truth=truth if field == "issue_type" else None,
        )
        for field, truth, said, at in connection.execute(query)
    ]


def judge(engine: Engine, now: float, rule: Watch) -> tuple[Judged, ...]:
    """Whether people correct more than they did. Reads all that the rule looks back at."""
    since = now - (rule.past_days + rule.window_days) * DAY
    with reading(engine) as connection:
        decided, wrong = read_decided(connection, since), read_wrong(connection, since)
    return watch(decided, wrong, now=now, rule=rule)
