"""The audit: one row per read, search, write and refusal, chained by a keyed hash."""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from vitruvian.core import Actor, DataError, now_ms
from vitruvian.record.schema import audit

GENESIS = "0" * 64


@dataclass(frozen=True)
class AuditChain:
    """Appends rows to the audit table; `key` never lies in the database."""

    key: bytes

    @classmethod
    def open(cls, key_file: Path | None) -> AuditChain:
        """Key from the environment (VITRUVIAN_AUDIT_KEY), else from a file that is made once, readable by its owner."""
        text = os.environ.get("VITRUVIAN_AUDIT_KEY")
        if text:
            return cls(text.encode())
        if key_file is None:
            raise DataError("the audit needs a key", todo="Set VITRUVIAN_AUDIT_KEY to a long random text.")
        if not key_file.exists():
            _make_key(key_file)
        return cls(key_file.read_bytes())

    def append(self, connection: Connection, actor: Actor, action: str, person: str, detail: str) -> None:
        """Add one row inside the caller's transaction."""
        last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
        row = {"seq": seq, "at_ms": now_ms(), "actor": actor.id, "purpose": actor.purpose, "action": action}
        row |= {"person": person, "detail": detail, "previous": previous}
        connection.execute(audit.insert().values(**row, hash=self._hash(row)))

    def verify(self, connection: Connection) -> int:
        """Number of rows if the chain is whole; raises `DataError` naming the first row that is not."""
        seq, previous = 0, GENESIS
        for found in connection.execute(select(audit).order_by(audit.c.seq)):
            row = dict(found._mapping)
            digest = row.pop("hash")
            seq += 1
            if row["seq"] != seq or row["previous"] != previous or digest != self._hash(row):
                raise DataError("the audit was altered", got=f"a break at row {seq}", todo="Compare with a backup.")
            previous = digest
        return seq

    def _hash(self, row: dict[str, object]) -> str:
        text = "\x1f".join(str(row[name]) for name in sorted(row))
        return hmac.new(self.key, text.encode(), sha256).hexdigest()


def _make_key(file: Path) -> None:
    """Write a new key whole or not at all; where two processes open a new record at once, the first one's stays."""
    handle, aside = tempfile.mkstemp(dir=file.parent, prefix=".key-")
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_hex(32))
    try:
        with suppress(FileExistsError):
            os.link(aside, file)
    finally:
        Path(aside).unlink()
