"""Money by the day, what a run has spent and waits for, breakers held open, guards off, alerts.

Version 4 goes on working beside it: it reserves nothing, and what it spends no cap knows of.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Double, Integer, Text, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIERS = ("economy", "standard", "premium")


def upgrade() -> None:
    """Adds tables and columns."""
    op.add_column("runs", Column("calls", Integer, nullable=False, server_default="0"))
    op.add_column("runs", Column("tokens", BigInteger, nullable=False, server_default="0"))
    op.add_column("runs", Column("reserved", BigInteger, nullable=False, server_default="0"))
    op.add_column("runs", Column("reserved_for", Text))
    op.add_column("runs", Column("waits_for", Text))
    is_set = text("waits_for IS NOT NULL")
    op.create_index(
        "ix_runs_waits_for",
        "runs",
        ["waits_for"],
        postgresql_where=is_set,
        sqlite_where=is_set,
    )
    op.create_table(
        "days",
        Column("day", Text, primary_key=True),
        *(
            Column(f"{tier}_{part}", BigInteger, nullable=False, server_default="0")
            for tier in TIERS
            for part in ("reserved", "spent")
        ),
    )
    op.create_table("caps", *_said("scope"), Column("micro_usd", BigInteger, nullable=False))
    op.create_table("trips", *_said("name"))
    op.create_table("guards_off", *_said("name"), Column("until", Double, nullable=False))
    op.create_table(
        "alerts",
        Column("name", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("since", Double, nullable=False),
        Column("told_at", Double),
        Column("resolved_at", Double),
        Column("resolution_told_at", Double),
    )
    op.create_table(
        "tellings",
        Column("id", Text, primary_key=True),
        Column("channel", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("tries", Integer, nullable=False, server_default="0"),
        Column("due_at", Double, nullable=False),
    )
    op.create_table(
        "notices",
        Column("id", Text, primary_key=True),
        Column("at", Double, nullable=False),
        Column("kind", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("body", Text, nullable=False),
    )
    op.create_index("ix_notices_at", "notices", ["at"])


def _said(key: str) -> "tuple[Column[str], Column[float], Column[str], Column[str]]":
    """What an operator said: of what, since when, who and why."""
    return (
        Column(key, Text, primary_key=True),
        Column("since", Double, nullable=False),
        Column("by", Text, nullable=False),
        Column("why", Text, nullable=False),
    )
