"""Tables of the record: SQLAlchemy Core, the same on SQLite and PostgreSQL.

`resource` is one row per source record (accounting), `fact` what it says, `head` the newest version of each source
record. Facts name a *subject* (the id that the source uses); `subject` links subjects to persons, so that linking or
merging people never touches a fact. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

VERSION = 1
metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

subject = Table(
    "subject",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
)

identifier = Table(
    "identifier",
    metadata,
    Column("system", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Index("identifier_value", "value"),
)

provenance = Table(
    "provenance",
    metadata,
    Column("prov", Integer, primary_key=True, autoincrement=True),
    Column("raw_hash", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("parser", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

resource = Table(
    "resource",
    metadata,
    Column("resource", String(32), primary_key=True),
    Column("line", String(32), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("known_ms", BigInteger),
    Column("prov", Integer, nullable=False),
    Column("path", Text, nullable=False),
)

head = Table(
    "head",
    metadata,
    Column("line", String(32), primary_key=True),
    Column("rank", Text, nullable=False),
    Column("resource", String(32), nullable=False, index=True),
)

fact = Table(
    "fact",
    metadata,
    Column("fact", String(32), primary_key=True),
    Column("resource", String(32), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("value", Float),
    Column("unit", Text),
    Column("value_raw", Float),
    Column("unit_raw", Text),
    Column("value_code", Text),
    Column("value_text", Text),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("offset_min", Integer),
    Column("precision", String(8)),
    Column("known_ms", BigInteger),
    Column("status", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("supersedes", String(32)),
    Column("basis", String(16), nullable=False),
    Column("prov", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("fact_by_code", "subject", "code", "start_ms"),
    Index("fact_by_kind", "subject", "kind", "start_ms"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine", String(32), primary_key=True),
    Column("raw_hash", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parser", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

state = Table(
    "state",
    metadata,
    Column("state", String(32), primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("cutoff_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("raw_hash", String(64)),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("person", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
