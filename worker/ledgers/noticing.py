"""Notices: what happened to the fleet and to no run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from worker.chance import oldest_id, token
from worker.ledgers import bulk, schema
from worker.ledgers.engine import reading, writing

NOTICE_COLUMNS = {"id": "text", "at": "float8", "kind": "text", "subject": "text", "body": "text"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something happened to `subject` at that moment (epoch seconds). One id is kept once.

    `body` is JSON, and never a word of any ticket.
    """

    id: str
    at: float
    kind: str
    subject: str
    body: str


class LedgerNoticing:
    """The part of the ledger that remembers what happened to the fleet."""

    engine: Engine

    def notice(self, notices: Sequence[Notice]) -> None:
        """Keeps those whose ids are new."""
        with writing(self.engine) as connection:
            keep(connection, notices)

    def notices(self, since: float = 0.0) -> Sequence[Notice]:
        """Those since then, oldest first."""
        table = schema.notices
        columns = [table.c[name] for name in NOTICE_COLUMNS]
        query = select(*columns).where(table.c.at >= since).order_by(table.c.at, table.c.id)
        with reading(self.engine) as connection:
            return [
                Notice(id=key, at=at, kind=kind, subject=subject, body=body)
                for key, at, kind, subject, body in connection.execute(query)
            ]


def keep(connection: Connection, notices: Sequence[Notice]) -> None:
    """As `notice`, inside the transaction that there is."""
    rows = {one.id: (one.id, one.at, one.kind, one.subject, one.body) for one in notices}
    bulk.add_new(connection, "notices", NOTICE_COLUMNS, [rows[key] for key in sorted(rows)])


def keep_new(
    connection: Connection, at: float, kind: str, subject: str, body: Mapping[str, object]
) -> None:
    """Keeps what nobody else has seen, in the transaction that there is."""
    key = oldest_id(at) + token()
    keep(connection, [Notice(id=key, at=at, kind=kind, subject=subject, body=json.dumps(body))])
