"""The audit: one row per read, search, write, decision and refusal, chained by a keyed hash in eight shards.

Rows name persons by keyed pseudonyms, and hold no names and no values. The key and the heads (see `audit_heads`) lie
outside the database. Not found by `verify`: a database and its heads that were both set back to the same earlier
moment (keep the heads elsewhere: VITRUVIAN_AUDIT_HEADS), and rows written by one who has the key.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, bindparam, select, text

from vitruvian.core import Actor, DataError, now_ms
from vitruvian.record.asking import rows_of
from vitruvian.record.audit_heads import Head, Heads, Place, heads_place
from vitruvian.record.master import make_secret
from vitruvian.record.rows import insert_tuples
from vitruvian.record.schema import audit

SHARDS = 8
GENESIS = "0" * 64
_LOCK = 0x5649_5452_0000  # advisory locks of PostgreSQL: this number plus the shard
_FIELDS = ("shard", "seq", "at_ms", "actor", "purpose", "action", "person", "detail", "previous")
_COLUMNS = [audit.c[name] for name in (*_FIELDS, "hash")]
_CODE = re.compile(r"[a-z_]{1,40}|[\w.:+-]*\d[\w.:+-]{0,63}")
_NEWEST = (
    select(audit.c.seq, audit.c.hash).where(audit.c.shard == bindparam("of")).order_by(audit.c.seq.desc()).limit(1)
)
_NAMES = tuple(audit.c.keys())


@dataclass(frozen=True)
class Finding:
    """Something wrong with the audit: in which shard, at which row, what."""

    shard: int
    row: int
    what: str

    def __str__(self) -> str:
        return f"shard {self.shard}, row {self.row}: {self.what}"


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What becomes a row: who did what to whom, with which detail (see `told`), and when."""

    actor: Actor
    action: str
    person: str
    detail: str
    at_ms: int


@dataclass(frozen=True)
class AuditChain:
    """Appends rows to the audit table; `key` never lies in the database."""

    key: bytes
    place: Place

    @classmethod
    def open(cls, key_file: Path | None, name: str, head_file: Path | None) -> AuditChain:
        """Key from VITRUVIAN_AUDIT_KEY, else from a file that is made once; heads of record `name` by `heads_place`."""
        told = os.environ.get("VITRUVIAN_AUDIT_KEY")
        if told:
            key = told.encode()
        elif key_file is None:
            raise DataError("the audit needs a key", todo="Set VITRUVIAN_AUDIT_KEY to a long random text.")
        else:
            if not key_file.exists():
                make_secret(key_file, secrets.token_hex(32).encode())
            key = key_file.read_bytes()
        return cls(key, heads_place(name, head_file))

    def begin(self, engine: Engine) -> None:
        """See that an audit without rows has its heads before the first row is written."""
        with engine.begin() as connection:
            empty = connection.execute(select(audit.c.seq).limit(1)).first() is None
            if empty:  # inside the transaction: on SQLite no other writer comes between
                self.heads.begin(SHARDS, Head(0, GENESIS))

    @cached_property
    def heads(self) -> Heads:
        """The heads, signed with a key of their own."""
        return Heads(self.place, self._subkey("head"))

    @cached_property
    def _halves(self) -> tuple[Any, Any]:
        """The two hashes of HMAC (RFC 2104) after the padded key, to be copied for each row."""
        key = self._subkey("chain").ljust(sha256().block_size, b"\0")
        return sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key))

    @cached_property
    def _person_key(self) -> bytes:
        return self._subkey("person")

    def pseudonym(self, person: str) -> str:
        """What stands for a person in the audit, 32 hex digits; "" for nobody."""
        return hmac.digest(self._person_key, person.encode(), "sha256").hex()[:32] if person else ""

    def shard(self, person: str) -> int:
        """Where rows about a person are; a transaction with several takes them in this order, so that none waits for
        another that waits for it."""
        return _shard(self.pseudonym(person))

    @contextmanager
    def transaction(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that may append; after its commit the heads are brought forward."""
        with engine.begin() as connection:
            bases: dict[int, Head] = {}
            connection.info["bases"] = bases
            yield connection
            grown = [(shard, base, _last(connection, shard)) for shard, base in bases.items()]
        moved = [one for one in grown if one[1] != one[2]]
        self.heads.advance(moved, lambda shard, row: _hash_at(engine, shard, row))

    def append(self, connection: Connection, actor: Actor, action: str, person: str, detail: str) -> None:
        """Add one row inside the caller's transaction."""
        self.append_all(connection, [AuditNote(actor, action, person, detail, now_ms())])

    def append_all(self, connection: Connection, entries: Iterable[AuditNote]) -> None:
        """Add rows inside the caller's transaction, in their order within each shard."""
        named = [(self.pseudonym(one.person), one) for one in entries]
        by_shard: dict[int, list[dict[str, Any]]] = {}
        for name, one in named:
            row: dict[str, Any] = {"at_ms": one.at_ms, "actor": one.actor.id, "action": one.action, "person": name}
            row |= {"purpose": one.actor.purpose_code or one.actor.purpose[:64], "detail": one.detail}
            by_shard.setdefault(_shard(name), []).append(row)
        for shard in sorted(by_shard):
            last = base = _last(connection, shard)
            for row in by_shard[shard]:
                row |= {"shard": shard, "seq": last.count + 1, "previous": last.hash}
                row["hash"] = self._hash(tuple(row[field] for field in _FIELDS))
                last = Head(row["seq"], row["hash"])
            insert_tuples(connection, audit, [tuple(map(row.__getitem__, _NAMES)) for row in by_shard[shard]])
            connection.info.setdefault("bases", {}).setdefault(shard, base)

    def verify(self, connection: Connection) -> tuple[int, tuple[Finding, ...]]:
        """Number of rows, and everything that is wrong with them: nothing if the audit is whole."""
        rows = 0
        found: list[Finding] = []
        for shard in range(SHARDS):
            count, findings = self._verify_shard(connection, shard)
            rows, found = rows + count, found + findings
        return rows, tuple(found)

    def _verify_shard(self, connection: Connection, shard: int) -> tuple[int, list[Finding]]:
        try:
            head, found = self.heads.read(shard), list[Finding]()
        except (ValueError, TypeError):
            head, found = None, [Finding(shard, 0, "the head outside the database was altered")]
        query = select(*_COLUMNS).where(audit.c.shard == shard).order_by(audit.c.seq)
        rows, seq, previous, passed = 0, 0, GENESIS, head is None or head.count == 0
        sign = self._hash
        for row in connection.execution_options(yield_per=2000).execute(query):
            values = row[:9]
            at, digest = values[1], row[9]
            if at != seq + 1:
                found.append(Finding(shard, seq + 1, f"rows {seq + 1} to {at - 1} are missing"))
            elif values[8] != previous:
                found.append(Finding(shard, at, "it does not follow the row before it"))
            if digest != sign(values):
                found.append(Finding(shard, at, "it was edited or put in another's place"))
            rows, seq, previous = rows + 1, at, digest
            if head is not None and seq == head.count:
                passed = digest == head.hash
        return rows, found + _against_head(shard, head, rows, seq, passed, bool(found))

    def _hash(self, values: tuple[Any, ...]) -> str:
        """HMAC-SHA-256 of a row's values; both halves of the key are hashed once, not for every row."""
        inner, outer = self._halves[0].copy(), self._halves[1].copy()
        inner.update(orjson.dumps(values))
        outer.update(inner.digest())
        return outer.hexdigest()

    def _subkey(self, use: str) -> bytes:
        return hmac.digest(self.key, use.encode(), "sha256")


def told(detail: Mapping[str, Any]) -> str:
    """What the audit keeps of a request: of lists their length, of words only those that can be codes or names of
    kinds, so that whoever looked for a person or a value does not write it down here."""
    found: dict[str, Any] = {}
    for name, value in detail.items():
        if isinstance(value, str):
            found[name] = value if _CODE.fullmatch(value) else "…"
        elif value is not None:
            found[name] = value if isinstance(value, int | float) else len(value)
    return orjson.dumps(found).decode()


def _against_head(shard: int, head: Head | None, rows: int, last: int, passed: bool, said: bool) -> list[Finding]:
    """What the head outside the database says of a shard whose last row is `last`."""
    if head is None:
        return [] if rows == 0 or said else [Finding(shard, last, "the head outside the database is missing")]
    if head.count > last:
        return [Finding(shard, last + 1, f"the last {head.count - last} rows were cut off")]
    if head.first:
        return [Finding(shard, head.first, "the head outside the database was begun anew after this row")]
    return [] if passed or said else [Finding(shard, head.count, "it is not the row that the head tells of")]


def _shard(pseudonym: str) -> int:
    return int(pseudonym[:2], 16) % SHARDS if pseudonym else 0


def _last(connection: Connection, shard: int) -> Head:
    """The last row of a shard; other writers wait until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK + shard})
    found = rows_of(connection, _NEWEST, {"of": shard})
    return Head(found[0].seq, found[0].hash) if found else Head(0, GENESIS)


def _hash_at(engine: Engine, shard: int, row: int) -> str | None:
    with engine.begin() as connection:
        query = select(audit.c.hash).where(audit.c.shard == shard, audit.c.seq == row)
        return connection.execute(query).scalar()
