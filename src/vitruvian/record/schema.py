"""Tables of the record: SQLAlchemy Core, the same on SQLite and PostgreSQL; made and changed by `migrations`.

`resource` is one row per source record (accounting), `fact` what it says, `head` the newest version of each source
record, `chunk` a piece of a stream. Facts name a *subject* (the id that the source uses); `subject` links subjects to
persons, so that linking or merging people never touches a fact. Codes and times can be searched; all else that a
source says lies in `sealed` columns, encrypted under the key of the row's subject. `resource.source_id` is a keyed hash
of the source's id; `path` lies open where it is made of element names and numbers (FHIR), else in the fact's `sealed`.
Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

metadata = MetaData()

subject = Table(
    "subject",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
)

identity = Table(
    "identity",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(16), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("person_before", Text, nullable=False),
    Column("person_after", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# keyed hashes of identifiers: `pair` of system and value, `value` of the value alone
identifier = Table(
    "identifier",
    metadata,
    Column("pair", String(32), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("value", String(32), nullable=False, index=True),
)

# one row per ingested file and subject; `raw_hash` names the bytes kept under that subject, `origin_hash` the file
provenance = Table(
    "provenance",
    metadata,
    Column("prov", Integer, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False, index=True),
    Column("raw_hash", String(64), nullable=False, index=True),
    Column("origin_hash", String(64), nullable=False, index=True),
    Column("format", Text, nullable=False),
    Column("parser", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

resource = Table(
    "resource",
    metadata,
    Column("resource", String(32), primary_key=True),
    Column("line", String(32), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("known_ms", BigInteger),
    Column("prov", Integer, nullable=False, index=True),
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
    Column("sealed", LargeBinary, nullable=False),
    Index("fact_by_code", "subject", "code", "start_ms"),
    Index("fact_by_kind", "subject", "kind", "start_ms"),
    Index("fact_consent", "subject", sqlite_where=text("kind = 'consent'"), postgresql_where=text("kind = 'consent'")),
)

chunk = Table(
    "chunk",
    metadata,
    Column("chunk", String(32), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("signal", Text, nullable=False),
    Column("window_start", BigInteger, nullable=False),
    Column("window_end", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("prov", Integer, nullable=False),
    Column("raw_hash", String(64), nullable=False),
    Index("chunk_by_signal", "subject", "signal", "first_ms"),
)

# samples that came a few at a time, until they are in chunks; `seq` is never used twice
journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("signal", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
    Column("sealed", LargeBinary, nullable=False),
    Index("journal_waiting", "done_ms", "subject"),
    sqlite_autoincrement=True,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine", String(32), primary_key=True),
    Column("subject", Text, nullable=False, index=True),
    Column("raw_hash", String(64), nullable=False),
    Column("origin_hash", String(64), nullable=False, index=True),
    Column("parser", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("accepted_ms", BigInteger),
    Column("sealed", LargeBinary, nullable=False),
)

state = Table(
    "state",
    metadata,
    Column("state", String(32), primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("cutoff_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("raw_hash", String(64)),
    Column("sealed", LargeBinary, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("person", String(32), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_time", "at_ms", "shard", "seq"),
)
