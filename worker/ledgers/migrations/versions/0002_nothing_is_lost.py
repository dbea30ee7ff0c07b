"""Deaths of a run's processes, one running revision a ticket, sweeps, pauses, marks.

Everything is added with a default: version 1 goes on working beside it.
"""

import json

from alembic import op
from sqlalchemy import Boolean, Column, Connection, Double, Integer, Text, false, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns, tables and indexes; puts back all but one running revision of a ticket."""
    op.add_column("runs", Column("suspect", Boolean, nullable=False, server_default=false()))
    op.add_column("runs", Column("alone", Boolean, nullable=False, server_default=false()))
    op.add_column("runs", Column("deaths", Integer, nullable=False, server_default="0"))
    op.add_column("writes", Column("sweep_at", Double))
    is_set = text("sweep_at IS NOT NULL")
    op.create_index(
        "ix_writes_sweep_at", "writes", ["sweep_at"], postgresql_where=is_set, sqlite_where=is_set
    )
    op.create_table(
        "pauses",
        Column("scope", Text, primary_key=True),
        Column("since", Double, nullable=False),
        Column("by", Text, nullable=False),
        Column("why", Text, nullable=False),
    )
    op.create_table(
        "marks",
        Column("name", Text, primary_key=True),
        Column("at", Double, nullable=False),
        Column("value", Text, nullable=False),
    )
    op.create_index("ix_runs_state_tier_sent_at_id", "runs", ["state", "tier", "sent_at", "id"])
    op.drop_index("ix_runs_state_tier_sent_at", "runs")
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
    _put_back_older_revisions(connection)
    running = text("state = 'running'")
    op.create_index(
        "uq_runs_running_ticket",
        "runs",
        ["ticket"],
        unique=True,
        postgresql_where=running,
        sqlite_where=running,
    )


def _put_back_older_revisions(connection: Connection) -> None:
    """Version 1 may be working on two revisions of a ticket; its workers lose the newer ones."""
    newer = text(
        "SELECT id, seq, send_n, changed_at FROM runs WHERE state = 'running' AND EXISTS ("
        "SELECT 1 FROM runs AS older WHERE older.ticket = runs.ticket"
        " AND older.state = 'running' AND older.revision < runs.revision)"
    )
    event = text(
        "INSERT INTO events (run, seq, at, kind, body) VALUES (:run, :seq, :at, :kind, :body)"
    )
    back = text(
        "UPDATE runs SET state = 'queued', owner = NULL, due_at = NULL, reason = NULL, why = NULL,"
        " seq = :seq, send_n = :send_n, sent_at = :at, changed_at = :at WHERE id = :run"
    )
    for run, seq, send_n, at in connection.execute(newer).all():
        why = {"why": "an older revision is worked on"}
        told = (("released", why), ("sent", {"send_n": send_n + 1}))
        for number, (kind, body) in enumerate(told, seq + 1):
            values = {"run": run, "seq": number, "at": at, "kind": kind, "body": json.dumps(body)}
            connection.execute(event, values)
        moved = {"run": run, "seq": seq + 2, "send_n": send_n + 1, "at": at}
        connection.execute(back, moved)
