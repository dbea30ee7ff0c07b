"""What may be done in a source's helpdesk, and with a run that is more careful than its source.

Sources that were read before have no row: they go on as they did. Version 3 goes on working beside
it, but knows no mode: what it carries is written.
"""

from alembic import op
from sqlalchemy import Column, Double, Integer, Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a table and a column."""
    op.add_column("runs", Column("mode", Text))
    op.create_table(
        "sources",
        Column("name", Text, primary_key=True),
        Column("mode", Text, nullable=False),
        Column("per_hour", Integer),
        Column("since", Double, nullable=False),
        Column("by", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("hour_at", Double),
        Column("begun", Integer, nullable=False, server_default="0"),
    )
