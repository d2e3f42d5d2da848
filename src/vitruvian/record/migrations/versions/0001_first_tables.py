"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables of an empty record."""
    op.create_table(
        "audit",
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_person", "audit", ["person"])
    op.create_table(
        "chunk",
        sa.Column("chunk", sa.String(32), primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("prov", sa.Integer(), nullable=False),
        sa.Column("raw_hash", sa.String(64), nullable=False),
    )
    op.create_index("chunk_by_signal", "chunk", ["subject", "signal", "first_ms"])
    op.create_table(
        "fact",
        sa.Column("fact", sa.String(32), primary_key=True),
        sa.Column("resource", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger()),
        sa.Column("end_ms", sa.BigInteger()),
        sa.Column("offset_min", sa.Integer()),
        sa.Column("precision", sa.String(8)),
        sa.Column("known_ms", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.String(32)),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("prov", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("fact_by_code", "fact", ["subject", "code", "start_ms"])
    op.create_index("fact_by_kind", "fact", ["subject", "kind", "start_ms"])
    of_consents = sa.text("kind = 'consent'")
    op.create_index("fact_consent", "fact", ["subject"], sqlite_where=of_consents, postgresql_where=of_consents)
    op.create_index("ix_fact_resource", "fact", ["resource"])
    op.create_table(
        "head",
        sa.Column("line", sa.String(32), primary_key=True),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("resource", sa.String(32), nullable=False),
    )
    op.create_index("ix_head_resource", "head", ["resource"])
    op.create_table(
        "identifier",
        sa.Column("pair", sa.String(32), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("value", sa.String(32), nullable=False),
    )
    op.create_index("ix_identifier_value", "identifier", ["value"])
    op.create_table(
        "identity",
        sa.Column("entry", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_before", sa.Text(), nullable=False),
        sa.Column("person_after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_identity_subject", "identity", ["subject"])
    op.create_table(
        "provenance",
        sa.Column("prov", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raw_hash", sa.String(64), nullable=False),
        sa.Column("origin_hash", sa.String(64), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("parser", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_provenance_origin_hash", "provenance", ["origin_hash"])
    op.create_index("ix_provenance_raw_hash", "provenance", ["raw_hash"])
    op.create_index("ix_provenance_subject", "provenance", ["subject"])
    op.create_table(
        "quarantine",
        sa.Column("quarantine", sa.String(32), primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raw_hash", sa.String(64), nullable=False),
        sa.Column("origin_hash", sa.String(64), nullable=False),
        sa.Column("parser", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("accepted_ms", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_quarantine_origin_hash", "quarantine", ["origin_hash"])
    op.create_index("ix_quarantine_subject", "quarantine", ["subject"])
    op.create_table(
        "resource",
        sa.Column("resource", sa.String(32), primary_key=True),
        sa.Column("line", sa.String(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("known_ms", sa.BigInteger()),
        sa.Column("prov", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
    )
    op.create_index("ix_resource_line", "resource", ["line"])
    op.create_index("ix_resource_prov", "resource", ["prov"])
    op.create_index("ix_resource_subject", "resource", ["subject"])
    op.create_table(
        "state",
        sa.Column("state", sa.String(32), primary_key=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("cutoff_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("raw_hash", sa.String(64)),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_state_person", "state", ["person"])
    op.create_table(
        "subject",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("person", sa.Text(), nullable=False),
    )
    op.create_index("ix_subject_person", "subject", ["person"])
