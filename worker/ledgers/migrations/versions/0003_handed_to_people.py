"""When a run was handed to people, and in which order a run wrote.

Both are added empty: version 2 goes on working beside it.
"""

from alembic import op
from sqlalchemy import Column, Double, Integer, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNHANDED = (
    "handed_at IS NULL AND state IN ('dead', 'in_review')"
    " AND stage NOT IN ('intake', 'recall', 'hand_over') AND reason NOT IN ('bug', 'poison')"
)


def upgrade() -> None:
    """Adds two columns, and an index on what nobody was told of yet."""
    op.add_column("runs", Column("handed_at", Double))
    op.add_column("writes", Column("seq", Integer))
    where = text(UNHANDED)
    op.create_index("ix_runs_unhanded", "runs", ["id"], postgresql_where=where, sqlite_where=where)
