"""What happened to the fleet and to no run; it is added to and never changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select

from worker.chance import oldest_id, token
from worker.ledgers import schema
from worker.ledgers.engine import reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that happened at `at` (epoch seconds). `body` is plain JSON, never ticket text."""

    at: float
    kind: str  # "guard_off", "guard_on", "guard_expired" …
    subject: str  # what it happened to: "breaker"
    body: Mapping[str, object]


def add_notice(connection: Connection, notice: Notice) -> None:
    """Keeps it, with whatever else is committed."""
    row = {
        "id": oldest_id(notice.at) + token(),
        "at": notice.at,
        "kind": notice.kind,
        "subject": notice.subject,
        "body": json.dumps(notice.body),
    }
    connection.execute(insert(schema.notices), row)


class LedgerNoticing:
    """The part of the ledger that remembers what happened to the fleet."""

    engine: Engine

    def notices(self, since: float, limit: int = 1_000) -> Sequence[Notice]:
        """What has happened since then (epoch seconds), newest first."""
        table = schema.notices
        query = (
            select(table.c.at, table.c.kind, table.c.subject, table.c.body)
            .where(table.c.at >= since)
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [
                Notice(at=at, kind=kind, subject=subject, body=json.loads(body))
                for at, kind, subject, body in connection.execute(query)
            ]
