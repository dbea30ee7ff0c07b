"""The ledger's tables. Migrations only add, so that version N works on the schema of N + 1."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from worker.ledgers.schema_said import caps, guards_off, labels, metadata, pauses, sources, trips

__all__ = ["caps", "guards_off", "labels", "metadata", "pauses", "sources", "trips"]

UNHANDED = (
    "handed_at IS NULL AND state IN ('dead', 'in_review')"
    " AND stage NOT IN ('intake', 'recall', 'hand_over') AND reason NOT IN ('bug', 'poison')"
)
"""What nobody decided about, and no person was told of."""


def _where_set(name: str, column: str) -> Index:
    """An index that costs nothing while there is nothing to find by it."""
    is_set = text(f"{column} IS NOT NULL")
    return Index(name, column, postgresql_where=is_set, sqlite_where=is_set)


tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("external_id", "source", name="uq_tickets_external_id_source"),
)

runs = Table(
    "runs",
    metadata,
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
    Column("suspect", Boolean, nullable=False, server_default=false()),
    Column("alone", Boolean, nullable=False, server_default=false()),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("requeues", Integer, nullable=False),
    Column("micro_usd", BigInteger, nullable=False),
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("reserved_for", Text),
    Column("customer_tier", Text),
    Column("issue_type", Text),
    Column("priority", Integer),
    Column("queue", Text),
    Column("prompt", Text),
    Column("model", Text),
    Column("handed_at", Double),
    Column("mode", Text),
    Column("waits_for", Text),
    UniqueConstraint("ticket", "digest", name="uq_runs_ticket_digest"),
    UniqueConstraint("ticket", "revision", name="uq_runs_ticket_revision"),
    # With the id, since a whole intake is sent in one moment: its runs are read page by page.
    Index("ix_runs_state_tier_sent_at_id", "state", "tier", "sent_at", "id"),
    Index("ix_runs_requester_id", "requester", "id"),
    _where_set("ix_runs_due_at", "due_at"),
    _where_set("ix_runs_routed_at", "routed_at"),
    _where_set("ix_runs_waits_for", "waits_for"),
    Index(
        "ix_runs_unhanded",
        "id",
        postgresql_where=text(UNHANDED),
        sqlite_where=text(UNHANDED),
    ),
    # The lease of a ticket: of its revisions one at a time is worked on.
    Index(
        "uq_runs_running_ticket",
        "ticket",
        unique=True,
        postgresql_where=text("state = 'running'"),
        sqlite_where=text("state = 'running'"),
    ),
    # Room in each page for a row's next versions: most changes then touch no index.
    postgresql_with={"fillfactor": 70},
)

events = Table(
    "events",
    metadata,
    Column("run", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("run", "seq", name="pk_events"),
    Index("ix_events_kind_at", "kind", "at"),
)

bodies = Table(
    "bodies",
    metadata,
    Column("run", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("cipher", LargeBinary, nullable=False),
    Column("expires_at", Double, nullable=False),
    PrimaryKeyConstraint("run", "name", name="pk_bodies"),
    Index("ix_bodies_requester", "requester"),
)

keys = Table(
    "keys",
    metadata,
    Column("requester", Text, primary_key=True),
    Column("cipher", LargeBinary, nullable=False),
)

writes = Table(
    "writes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("before", Text),
    Column("wanted", Text),
    Column("outcome", Text),
    Column("holds", Text),
    Column("sweep_at", Double),
    Column("seq", Integer),
    Index("ix_writes_run", "run"),
    _where_set("ix_writes_sweep_at", "sweep_at"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("polled_at", Double, nullable=False),
)

workers = Table(
    "workers",
    metadata,
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

roles = Table(
    "roles",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", Integer, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("value", Text, nullable=False),
)

days = Table(
    "days",
    metadata,
    # What a day in UTC has cost by tier, in millionths of a dollar; one row, so one lock.
    Column("day", Text, primary_key=True),
    *(
        Column(f"{tier}_{part}", BigInteger, nullable=False, server_default="0")
        for tier in ("economy", "standard", "premium")
        for part in ("reserved", "spent")
    ),
)

alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),  # what it is about: "breaker:openai"
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("told_at", Double),
    Column("resolved_at", Double),
    Column("resolution_told_at", Double),
)

tellings = Table(
    "tellings",
    metadata,
    # What is to be told and was not yet, one row a channel; gone once it was.
    Column("id", Text, primary_key=True),  # sorts by age
    Column("channel", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", Double, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    # What happened to the fleet and to no run: a breaker opened, a cap was changed.
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_notices_at", "at"),
)

REVISION = "0006"
"""The newest migration; the schema that this version writes."""
