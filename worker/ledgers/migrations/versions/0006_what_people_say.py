"""What people say that a field should be; a requester's tickets are found without a look at all.

Version 5 goes on working beside it: it reads nothing of it, and adds nothing.
"""

from alembic import op
from sqlalchemy import Column, Double, PrimaryKeyConstraint, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a table and an index."""
    op.create_index("ix_runs_requester_id", "runs", ["requester", "id"])
    op.create_table(
        "labels",
        Column("run", Text, nullable=False),
        Column("field", Text, nullable=False),
        Column("how", Text, nullable=False),
        Column("said", Text),
        Column("truth", Text, nullable=False),
        Column("by", Text, nullable=False),
        Column("at", Double, nullable=False),
        PrimaryKeyConstraint("run", "field", "how", name="pk_labels"),
    )
    op.create_index("ix_labels_how_at", "labels", ["how", "at"])
