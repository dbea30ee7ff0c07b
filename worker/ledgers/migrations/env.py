"""Alembic's entry: the connection is handed in by worker.ledgers.migrating."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=False)
context.run_migrations()
