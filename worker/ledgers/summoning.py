"""Tickets that people are to hear of one by one: those that wait for them, and the escalated."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Text,
    cast,
    delete,
    exists,
    insert,
    or_,
    select,
    text,
    update,
)

from config.mode import Mode
from tasks.events import Kind
from tasks.run import Outcome, State
from worker.chance import oldest_id, token
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.recalling import MARK_COLUMNS
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.schema import UNHANDED
from worker.ledgers.told import told

MARK = "told "
"""How the marks begin of what was told."""

CALLING = (Outcome.APPLIED, Outcome.PARTLY, Outcome.SUGGESTED)
"""What was written so that people see it."""

MANY = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A ticket that somebody is to hear of; `mark` is the same whenever it is found again.

    `what`: by what it was stopped, or the criterion that it meets.
    """

    mark: str
    ticket: str
    issue_type: str | None
    what: str


class _Told(Exception):
    """Somebody else has told one of them."""


class LedgerSummoning:
    """The part of the ledger that keeps people from being called twice, or never."""

    engine: Engine

    def waiting_calls(self, residence: Residence = ANYWHERE) -> Sequence[Call]:
        """Runs in review that wait for a decision, and nobody was told of; oldest first."""
        runs = schema.runs
        mark = _mark(cast(runs.c.send_n, Text))
        query = (
            select(mark, runs.c.external_id, runs.c.issue_type, runs.c.reason)
            .where(
                text(UNHANDED),
                runs.c.state == State.IN_REVIEW,
                runs.c.due_at.is_not(None),
                residence.where(),
                ~_is_told(mark),
            )
            .order_by(runs.c.id)
        )
        with reading(self.engine) as connection:
            return [_call(*row) for row in connection.execute(query)]

    def escalated_calls(self, since: float, residence: Residence = ANYWHERE) -> Sequence[Call]:
        """Runs that were written since then with an escalation, and nobody was told of."""
        runs, events, mark = schema.runs, schema.events, _mark("escalated")
        query = (
            select(runs.c.id, mark, runs.c.external_id)
            .join(events, events.c.run == runs.c.id)
            .where(
                events.c.kind == str(Kind.WRITTEN),
                events.c.at > since,
                runs.c.outcome.in_([str(one) for one in CALLING]),
                runs.c.mode.is_distinct_from(Mode.SHADOW),
                residence.where(),
                ~_is_told(mark),
            )
            .order_by(runs.c.id)
        )
        with reading(self.engine) as connection:
            found = connection.execute(query)
            written = {str(run): (mark, ticket) for run, mark, ticket in found}
            called = dict(_escalated(connection, list(written)))
        return [_call(*written[run], *called[run]) for run in written if run in called]

    def summon(
        self, who: str, calls: Sequence[Call], bodies: Mapping[str, str], now: float, *, pace: float
    ) -> bool:
        """Keeps that `who` was told of these, and what is to be told: channel -> document.

        Whether it did; not where they were told of something less than `pace` seconds ago, nor
        where somebody else has told any of it.
        """
        marks = sorted(call.mark for call in calls)
        try:
            with writing(self.engine) as connection:
                if pace and not _takes_turn(connection, who, now, pace):
                    return False
                _mark_told(connection, marks, now)
                for channel, body in bodies.items():
                    row = {"id": oldest_id(now) + token(), "channel": channel, "body": body}
                    connection.execute(insert(schema.tellings), {**row, "due_at": now})
        except _Told:
            return False
        return True

    def forget_calls(self, before: float) -> None:
        """What was told of runs that came in before then; their ids say when that was."""
        name = schema.marks.c.name
        old = (name > MARK) & (name < f"{MARK}{oldest_id(before)}")
        with reading(self.engine) as connection:
            is_any = connection.execute(select(name).where(old).limit(1)).first()
        if is_any:
            with writing(self.engine) as connection:
                connection.execute(delete(schema.marks).where(old))


def _mark_told(connection: Connection, marks: Sequence[str], now: float) -> None:
    """Raises _Told where one of them is marked."""
    rows = [(mark, now, "") for mark in marks]
    if bulk.add_new(connection, "marks", MARK_COLUMNS, rows) != set(marks):
        raise _Told


def _mark(which: ColumnElement[str] | str) -> ColumnElement[str]:
    """Of a run and one reason to tell of it."""
    return cast(MARK, Text).concat(schema.runs.c.id).concat(" ").concat(which)


def _is_told(mark: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(schema.marks.c.name == mark)


def _call(mark: str, ticket: str, issue_type: str | None, what: str) -> Call:
    return Call(mark=mark, ticket=ticket, issue_type=issue_type, what=what)


def _escalated(
    connection: Connection, runs: Sequence[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Run -> issue type and criterion, by the last that was decided about it; none: left out."""
    events, criterion = schema.events, told(connection, "escalated")
    issue_type = told(connection, "issue_type")
    kinds = [str(Kind.VALIDATED), str(Kind.REVIEWED)]
    for some in (runs[start : start + MANY] for start in range(0, len(runs), MANY)):
        query = (
            select(events.c.run, issue_type, criterion)
            .where(events.c.run.in_(some), events.c.kind.in_(kinds), issue_type.is_not(None))
            .order_by(events.c.run, events.c.seq)
        )
        last = {run: (name, called) for run, name, called in connection.execute(query)}
        yield from ((run, one) for run, one in last.items() if one[1] is not None)


def _takes_turn(connection: Connection, who: str, now: float, pace: float) -> bool:
    """A moment that lies ahead was told by a clock that was wrong."""
    marks, name = schema.marks, f"{MARK}by {who}"
    is_over = or_(marks.c.at <= now - pace, marks.c.at > now)
    mine = update(marks).where(marks.c.name == name, is_over).values(at=now)
    if connection.execute(mine).rowcount == 1:
        return True
    return bool(bulk.add_new(connection, "marks", MARK_COLUMNS, [(name, now, "")]))
