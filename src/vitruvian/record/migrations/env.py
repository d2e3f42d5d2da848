"""Alembic's environment: runs the revisions on the connection that `opening` gives."""

from __future__ import annotations

from alembic import context

from vitruvian.record.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
