"""What a day has cost: against its caps from its accounts, by model from its events."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from tasks.accounts import DAY_SECONDS
from tasks.errors import OperatorError
from tasks.events import Kind
from tasks.paying import SETTLING
from worker.ledgers import schema
from worker.ledgers.accounting import Account
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.operating.moments import iso

PAGE = 1_000
UNKNOWN = "unknown"


@dataclass(kw_only=True)
class Calls:
    """The calls of one model for one tier on one day. An answer counts on the day that it came."""

    tier: str
    model: str
    answered: int = 0
    unanswered: int = 0
    lapsed: int = 0  # of those asked on that day: nobody ever heard, so charged in full
    input_tokens: int = 0
    cached_tokens: int = 0  # part of those
    output_tokens: int = 0
    micro_usd: int = 0

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it to scripts."""
        return {
            "tier": self.tier,
            "model": self.model,
            "calls": self.answered + self.unanswered + self.lapsed,
            "answered": self.answered,
            "unanswered": self.unanswered,
            "lapsed": self.lapsed,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.micro_usd / 1e6,
        }


@dataclass(frozen=True, kw_only=True)
class Spent:
    """One day."""

    day: str
    accounts: Sequence[Account]
    models: Sequence[Calls] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it to scripts."""
        return {
            "day": self.day,
            "accounts": [
                account_json(one)
                | {
                    "since": iso(one.said.since) if one.said else None,
                    "by": one.said.by if one.said else None,
                    "why": one.said.why if one.said else None,
                }
                for one in self.accounts
            ],
            "models": [calls.as_json() for calls in self.models],
        }


def account_json(account: Account) -> dict[str, object]:
    """As docs/interface.md promises it to scripts."""
    return {
        "scope": account.scope,
        "spent_usd": account.spent / 1e6,
        "reserved_usd": account.reserved / 1e6,
        "cap_usd": account.cap / 1e6,
        "share": round(account.share, 4),
        "waiting": account.waiting,
        "closed": account.is_closed,
    }


def a_day(text: str) -> str:
    """The day, as accounts have it. Raises OperatorError."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise OperatorError(f"{text!r} is no day: write it as 2026-11-20") from error


def spent_on(ledger: SqlLedger, day: str, *, is_today: bool) -> Spent:
    """That day (`2026-11-20`, in UTC); events are read a page at a time."""
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    found: dict[tuple[str, str], Calls] = {}
    with reading(ledger.engine) as connection:
        for kind, body in _ended(connection, begins):
            _count(_calls(found, body), kind, body)
        for body in _lapsed(connection, begins):
            calls = _calls(found, body)
            calls.lapsed += 1
            calls.micro_usd += int(body["reserved"])
    accounts = ledger.accounts(day)
    if not is_today:  # who waits, waits for today's money
        accounts = [replace(one, waiting=0) for one in accounts]
    return Spent(day=day, accounts=accounts, models=[found[name] for name in sorted(found)])


def _calls(found: dict[tuple[str, str], Calls], body: dict[str, Any]) -> Calls:
    said = str(body.get("account", "")).partition("/")[2]
    tier, model = str(body.get("tier") or said or UNKNOWN), str(body.get("model") or UNKNOWN)
    return found.setdefault((tier, model), Calls(tier=tier, model=model))


def _count(calls: Calls, kind: str, body: dict[str, Any]) -> None:
    if kind == Kind.ANSWERED:
        calls.answered += 1
    else:
        calls.unanswered += 1
    calls.micro_usd += int(body.get("micro_usd") or 0)
    calls.input_tokens += int(body.get("input_tokens") or 0)
    calls.cached_tokens += int(body.get("cached_tokens") or 0)
    calls.output_tokens += int(body.get("output_tokens") or 0)


def _ended(connection: Connection, begins: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls that came to an end on that day, by their events."""
    events = schema.events
    query = select(events.c.kind, events.c.body).where(
        events.c.kind.in_([str(kind) for kind in SETTLING]),
        events.c.at >= begins,
        events.c.at < begins + DAY_SECONDS,
    )
    for kind, body in connection.execute(query.execution_options(yield_per=PAGE)):
        yield kind, json.loads(body)


def _lapsed(connection: Connection, begins: float) -> Iterator[dict[str, Any]]:
    """Calls of that day that were followed by anything but an answer: a worker died, or hung up."""
    asked, next_one = schema.events, schema.events.alias("next_one")
    follows = and_(next_one.c.run == asked.c.run, next_one.c.seq == asked.c.seq + 1)
    query = (
        select(asked.c.body)
        .join(next_one, follows)
        .where(
            asked.c.kind == str(Kind.ASKING),
            asked.c.at >= begins,
            asked.c.at < begins + DAY_SECONDS,
            next_one.c.kind.not_in([str(kind) for kind in SETTLING]),
        )
    )
    for (body,) in connection.execute(query.execution_options(yield_per=PAGE)):
        yield json.loads(body)
