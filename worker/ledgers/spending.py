"""The day's money on the hot path: reserved before a call, settled with whatever ends it.

A day is one row, so one lock, and it is taken last: whoever commits has its runs first. What a
group wants is taken by one conditional update, and singly where that does not fit.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.tiers import TIERS
from tasks.accounts import FLEET, SCOPES, day_and_tier, settlement
from tasks.ports.ledger import Change, Reserved

Values = Mapping[str, int | str]
"""Parameters by name: `day`, amounts by column, caps as `cap_SCOPE`, `now` in whole seconds."""

NO_CAP = 10**15
"""While an operator does without this guard: a billion US dollars."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statements:
    """As a database wants them: they differ in how a parameter is marked."""

    settle: str
    reserve: str
    open: str  # makes a day's row, where there is none


class Till(Protocol):
    """The transaction that there is, on one database or the other."""

    statements: Statements

    def held(self, changes: Sequence[Change]) -> Collection[int]:
        """Which of them would be accepted; nobody else moves these runs until the commit."""

    def update(self, statement: str, values: Values) -> int:
        """How many rows it changed."""

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Commits what still fits."""


def statements(mark: Callable[[str], str]) -> Statements:
    """`mark` gives the place of a parameter by its name."""
    columns = [f"{tier}_{part}" for tier in TIERS for part in ("reserved", "spent")]
    grown = ", ".join(f"{name} = {name} + {mark(name)}" for name in columns)
    taken = ", ".join(f"{tier}_reserved = {tier}_reserved + {mark(tier)}" for tier in TIERS)

    off = f"SELECT {NO_CAP} FROM guards_off WHERE name = 'money' AND until > {mark('now')}"

    def cap(scope: str) -> str:
        # An operator's word counts from the next reservation on.
        said = f"SELECT micro_usd FROM caps WHERE scope = '{scope}'"
        return f"COALESCE(({off}), ({said}), {mark(f'cap_{scope}')})"

    fits = " AND ".join(
        f"({mark(tier)} = 0 OR {tier}_reserved + {tier}_spent + {mark(tier)} <= {cap(tier)})"
        for tier in TIERS
    )
    all_of_it = " + ".join((*columns, *map(mark, TIERS)))
    return Statements(
        settle=f"UPDATE days SET {grown} WHERE day = {mark('day')}",
        reserve=f"UPDATE days SET {taken} WHERE day = {mark('day')} AND {fits}"
        f" AND {all_of_it} <= {cap(FLEET)}",
        open=f"INSERT INTO days (day) VALUES ({mark('day')}) ON CONFLICT DO NOTHING",
    )


def moves_money(changes: Sequence[Change]) -> bool:
    """Whether one of them settles something. Most groups do not, and pay nothing for it."""
    return any(change.before.reserved for change in changes)


def settle(till: Till, changes: Sequence[Change]) -> None:
    """Books what these changes, which were accepted, have settled."""
    days: dict[str, dict[str, int]] = defaultdict(_nothing)
    for change in changes:
        if settled := settlement(change.before, change.after):
            day, tier = day_and_tier(settled.account)
            days[day][f"{tier}_reserved"] -= settled.reserved
            days[day][f"{tier}_spent"] += settled.spent
    for day, amounts in sorted(days.items()):  # one order for everybody: no deadlock
        till.update(till.statements.settle, {"day": day, **amounts})


def _nothing() -> dict[str, int]:
    return {f"{tier}_{part}": 0 for tier in TIERS for part in ("reserved", "spent")}


def reserve(till: Till, changes: Sequence[Change], caps: Mapping[str, int]) -> list[Reserved]:
    """Commits what fits under the caps (millionths by scope, where no operator has said other)."""
    standing = sorted(till.held(changes))
    by_day: dict[str, list[_Wish]] = defaultdict(list)
    for n in standing:
        wish = _wish(n, changes[n])
        by_day[wish.day].append(wish)
    now = max((int(change.events[-1].at) for change in changes), default=0)
    defaults = {"now": now} | {f"cap_{scope}": caps[scope] for scope in SCOPES}
    fitting = [
        wish.place
        for day, wishes in sorted(by_day.items())
        for wish in _taken(till, day, wishes, defaults)
    ]
    accepted = till.commit([changes[place] for place in fitting])
    if not all(accepted):
        message = "a run was moved while it was held"
        raise RuntimeError(message)
    outcomes = [Reserved.MOVED] * len(changes)
    for n in standing:
        outcomes[n] = Reserved.SHORT
    for place in fitting:
        outcomes[place] = Reserved.DONE
    return outcomes


@dataclass(frozen=True, slots=True)
class _Wish:
    place: int  # among the changes
    day: str
    tier: str
    amount: int


def _wish(place: int, change: Change) -> _Wish:
    if not change.after.reserved_for:  # a model that costs nothing
        return _Wish(place, "", TIERS[0], 0)
    day, tier = day_and_tier(change.after.reserved_for)
    return _Wish(place, day, tier, change.after.reserved)


def _taken(till: Till, day: str, wishes: Sequence[_Wish], defaults: Values) -> Sequence[_Wish]:
    """Those whose amounts are now reserved on that day."""

    def takes(some: Sequence[_Wish]) -> bool:
        wanted: dict[str, int] = dict.fromkeys(TIERS, 0)
        for wish in some:
            wanted[wish.tier] += wish.amount
        if not any(wanted.values()):
            return True
        return till.update(till.statements.reserve, {"day": day, **wanted, **defaults}) == 1

    if takes(wishes) or (till.update(till.statements.open, {"day": day}) and takes(wishes)):
        return wishes
    # A single one too: somebody else may have made the row in the meantime.
    return [wish for wish in wishes if takes([wish])]
