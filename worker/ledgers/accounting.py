"""What a day has cost so far, under which caps, and what of it an operator has said."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, Engine, delete, func, select

from config.tiers import TIERS
from tasks.accounts import FLEET, SCOPES, day_and_tier, settlement
from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.journey import advance
from tasks.run import Run, State
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing
from worker.ledgers.noticing import keep_new
from worker.ledgers.reading import EVENT
from worker.ledgers.rows import event_of

NEAR = 0.8
"""The share of a cap at which somebody should know."""

WAITS = "money:"
"""Before the scope in `waits_for` of a run that waits for money."""

CAP_COLUMNS = {
    "scope": "text",
    "micro_usd": "bigint",
    "since": "float8",
    "by": "text",
    "why": "text",
}
PAGE = 1_000
LATELY = 500
"""Calls, of all tiers together."""

CAP_CHANGED = "cap"
"""What a notice of it is called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """What an operator has said that a scope may spend in a day; millionths of a dollar."""

    scope: str
    micro_usd: int
    since: float
    by: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One scope on one day; millionths of a dollar."""

    scope: str  # fleet, or a tier
    spent: int
    reserved: int  # for calls that are under way
    cap: int
    waiting: int = 0  # runs that wait until there is room, now
    said: Cap | None = None  # where the cap is not config's

    @property
    def left(self) -> int:
        """How much more may be reserved; negative where a cap was lowered below what is spent."""
        return self.cap - self.spent - self.reserved

    @property
    def share(self) -> float:
        """Of the cap, with what is reserved; 1.0 where nothing may be spent at all."""
        return (self.spent + self.reserved) / self.cap if self.cap else 1.0

    @property
    def is_closed(self) -> bool:
        """Nothing is left, or less than a call may cost: runs wait for it."""
        return self.left <= 0 or self.waiting > 0

    @property
    def is_near(self) -> bool:
        """Somebody should know."""
        return self.share >= NEAR


@dataclass(frozen=True, slots=True)
class Total:
    """What an account holds by one way of counting; millionths of a dollar."""

    reserved: int = 0
    spent: int = 0


class LedgerAccounting:
    """The part of the ledger that answers for money."""

    engine: Engine
    caps: Mapping[str, int]

    def accounts(self, day: str) -> Sequence[Account]:
        """The fleet's and each tier's on that day (`2026-11-28`, in UTC), in one snapshot."""
        with reading(self.engine) as connection:
            totals, said = _totals(connection, day), _said(connection)
            waiting = _waiting(connection)
        totals[FLEET] = Total(
            reserved=sum(totals[tier].reserved for tier in TIERS),
            spent=sum(totals[tier].spent for tier in TIERS),
        )
        found = [
            Account(
                scope=scope,
                spent=totals[scope].spent,
                reserved=totals[scope].reserved,
                cap=said[scope].micro_usd if scope in said else self.caps[scope],
                said=said.get(scope),
            )
            for scope in SCOPES
        ]
        held = _held(waiting, {account.scope: account.left for account in found})
        return [replace(account, waiting=held[account.scope]) for account in found]

    def affordable(self, day: str) -> Mapping[str, int]:
        """What a run may wait for (`money:economy`, `money:fleet`) -> what is left; none without.

        A tier has no more than the fleet has. Whoever needs more than that comes back at once: see
        `dearest`.
        """
        left = {account.scope: account.left for account in self.accounts(day)}
        room = {f"{WAITS}{scope}": min(left[scope], left[FLEET]) for scope in SCOPES}
        return {name: amount for name, amount in room.items() if amount > 0}

    def dearest(self) -> Mapping[str, int]:
        """What a run may wait for -> the most that one of the last calls has reserved there.

        Where nobody has asked lately there is none. What is left of a cap is nearly always
        something, and less than that: who waits is not to be sent for it again and again.
        """
        events = schema.events
        last = (
            select(events.c.body)
            .where(events.c.kind == str(Kind.ASKING))
            .order_by(events.c.at.desc())
            .limit(LATELY)
        )
        most: dict[str, int] = {}
        with reading(self.engine) as connection:
            for (body,) in connection.execute(last):
                asked = json.loads(body)
                name = f"{WAITS}{day_and_tier(asked['account'])[1]}"
                most[name] = max(most.get(name, 0), int(asked["reserved"]))
        return most | ({f"{WAITS}{FLEET}": max(most.values())} if most else {})

    def set_cap(self, scope: str, micro_usd: int | None, *, at: float, by: str, why: str) -> None:
        """Says what a scope may spend in a day; None: what config says. Counts at once.

        It is kept among the notices, whoever says what next.
        """
        table = schema.caps
        with writing(self.engine) as connection:
            before = _said(connection).get(scope)
            connection.execute(delete(table).where(table.c.scope == scope))
            if micro_usd is not None:
                bulk.add(connection, "caps", list(CAP_COLUMNS), [(scope, micro_usd, at, by, why)])
            was = before.micro_usd if before else None
            told = {"from": was, "to": micro_usd, "config": self.caps[scope], "by": by, "why": why}
            keep_new(connection, at, CAP_CHANGED, scope, told)

    def counted_twice(self) -> Mapping[str, tuple[Total, Total]]:
        """Account -> what its day says, and what the events of all runs come to, in one snapshot.

        Reads every event of every run that has reserved anything, a page at a time.
        """
        with reading(self.engine) as connection:
            days = connection.execute(select(schema.days.c.day)).scalars().all()
            kept = {
                f"{day}/{tier}": total
                for day in days
                for tier, total in _totals(connection, day).items()
            }
            folded = _folded(connection)
        names = sorted({*kept, *folded})
        return {name: (kept.get(name, Total()), folded.get(name, Total())) for name in names}


def _totals(connection: Connection, day: str) -> dict[str, Total]:
    """By tier; nothing where the day has no row."""
    row = connection.execute(select(schema.days).where(schema.days.c.day == day)).mappings().first()
    return {
        tier: Total(reserved=row[f"{tier}_reserved"], spent=row[f"{tier}_spent"])
        if row
        else Total()
        for tier in TIERS
    }


def _said(connection: Connection) -> dict[str, Cap]:
    query = select(*(schema.caps.c[name] for name in CAP_COLUMNS))
    return {row.scope: Cap(**row._mapping) for row in connection.execute(query)}  # noqa: SLF001 - its public name


def _waiting(connection: Connection) -> dict[str, int]:
    runs = schema.runs
    named = runs.c.waits_for.in_([f"{WAITS}{scope}" for scope in SCOPES])
    waits = (runs.c.state == State.WAITING) & (runs.c.reason == WaitReason.MONEY)
    query = select(runs.c.waits_for, func.count()).where(named, waits)
    found = connection.execute(query.group_by(runs.c.waits_for))
    return {str(name): int(count) for name, count in found}


def _held(waiting: Mapping[str, int], left: Mapping[str, int]) -> Counter[str]:
    """How many runs wait for whose money: for the fleet's where that has less left than their tier.

    Else each tier would seem to have spent its day where the fleet has.
    """
    held = Counter[str]()
    for scope in SCOPES:
        whose = FLEET if left[FLEET] < left[scope] else scope
        held[whose] += waiting.get(f"{WAITS}{scope}", 0)
    return held


def _folded(connection: Connection) -> dict[str, Total]:
    """Whatever every run has ever reserved, and what came of it, event by event."""
    events = schema.events
    asked = select(events.c.run).where(events.c.kind == str(Kind.ASKING))
    query = select(*EVENT).where(events.c.run.in_(asked)).order_by(events.c.run, events.c.seq)
    rows = connection.execute(query.execution_options(yield_per=PAGE))
    reserved: dict[str, int] = defaultdict(int)
    spent: dict[str, int] = defaultdict(int)
    for _, some in groupby(rows, key=itemgetter(0)):
        before: Run | None = None
        for row in some:
            try:
                after = advance(before, event_of(row))
            except (ValueError, KeyError):  # its events do not follow each other: said elsewhere
                break
            if before and (settled := settlement(before, after)):
                reserved[settled.account] -= settled.reserved
                spent[settled.account] += settled.spent
            if after.reserved and after.reserved_for:
                reserved[after.reserved_for] += after.reserved
            before = after
    return {name: Total(reserved=reserved[name], spent=spent[name]) for name in {*reserved, *spent}}
