"""The audit is read by time without reading all of it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index, in the order in which rows are shown."""
    op.create_index("audit_by_time", "audit", ["at_ms", "shard", "seq"])
