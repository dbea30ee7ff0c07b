"""Tickets, runs, events and what belongs to them.

Written out and not taken from worker.ledgers.schema: that one goes on changing, this never does.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates every table of the first version; worker.ledgers.guards keeps the events."""
    _tickets()
    _runs()
    _events()
    _texts()
    _writes()
    _fleet()


def _tickets() -> None:
    op.create_table(
        "tickets",
        Column("id", Text, primary_key=True),
        Column("source", Text, nullable=False),
        Column("external_id", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        UniqueConstraint("external_id", "source", name="uq_tickets_external_id_source"),
    )
    op.create_table(
        "cursors",
        Column("source", Text, primary_key=True),
        Column("position", Text, nullable=False),
        Column("polled_at", Double, nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        Column("id", Text, primary_key=True),
        Column("ticket", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("external_id", Text, nullable=False),
        Column("requester", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("stage", Text, nullable=False),
        Column("tier", Text, nullable=False),
        Column("ingested_at", Double, nullable=False),
        Column("changed_at", Double, nullable=False),
        Column("sent_at", Double),
        Column("due_at", Double),
        Column("routed_at", Double),
        Column("reason", Text),
        Column("why", Text),
        Column("outcome", Text),
        Column("owner", Text),
        Column("fence", Integer, nullable=False),
        Column("send_n", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("requeues", Integer, nullable=False),
        Column("micro_usd", BigInteger, nullable=False),
        Column("customer_tier", Text),
        Column("issue_type", Text),
        Column("priority", Integer),
        Column("queue", Text),
        Column("prompt", Text),
        Column("model", Text),
        UniqueConstraint("ticket", "digest", name="uq_runs_ticket_digest"),
        UniqueConstraint("ticket", "revision", name="uq_runs_ticket_revision"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_runs_state_tier_sent_at", "runs", ["state", "tier", "sent_at"])
    for column in ("due_at", "routed_at"):
        is_set = text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_runs_{column}", "runs", [column], postgresql_where=is_set, sqlite_where=is_set
        )


def _events() -> None:
    op.create_table(
        "events",
        Column("run", Text, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("at", Double, nullable=False),
        Column("kind", Text, nullable=False),
        Column("body", Text, nullable=False),
        PrimaryKeyConstraint("run", "seq", name="pk_events"),
    )
    op.create_index("ix_events_kind_at", "events", ["kind", "at"])


def _texts() -> None:
    op.create_table(
        "bodies",
        Column("run", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("requester", Text, nullable=False),
        Column("cipher", LargeBinary, nullable=False),
        Column("expires_at", Double, nullable=False),
        PrimaryKeyConstraint("run", "name", name="pk_bodies"),
    )
    op.create_index("ix_bodies_requester", "bodies", ["requester"])
    op.create_table(
        "keys",
        Column("requester", Text, primary_key=True),
        Column("cipher", LargeBinary, nullable=False),
    )


def _writes() -> None:
    op.create_table(
        "writes",
        Column("key", Text, primary_key=True),
        Column("run", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("before", Text),
        Column("wanted", Text),
        Column("outcome", Text),
        Column("holds", Text),
    )
    op.create_index("ix_writes_run", "writes", ["run"])


def _fleet() -> None:
    op.create_table(
        "workers",
        Column("incarnation", Text, primary_key=True),
        Column("host", Text, nullable=False),
        Column("pid", Integer, nullable=False),
        Column("version", Text, nullable=False),
        Column("tiers", Text, nullable=False),
        Column("beat", Integer, nullable=False),
        Column("started_at", Double, nullable=False),
        Column("beat_at", Double, nullable=False),
        Column("ended_at", Double),
    )
    op.create_table(
        "roles",
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("fence", Integer, nullable=False),
    )
