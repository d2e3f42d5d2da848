"""Resources are found by the (hashed) id that their source gives them."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_resource_source_id", "resource", ["source_id"])
