"""The key ring: a key for each subject, wrapped by the master key, outside the record's database.

A backup of the database holds no keys; without its key a person's data are noise. Dropping a key erases them.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError

from vitruvian.core import DataError, now_ms
from vitruvian.record.asking import rows_of
from vitruvian.record.master import LocalMaster, Master
from vitruvian.record.rows import chunks
from vitruvian.record.sealing import KEY_BYTES, Cipher

QUARANTINE = "@quarantine"
"""Owner of what nobody is known to own."""
_RING, _INDEX = "@ring", "@index"
_SHORT = 32  # hex digits of pseudonyms and blind indexes

_metadata = MetaData()
_table = Table(
    "key",
    _metadata,
    Column("subject", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_OF = select(_table.c.subject, _table.c.wrapped).where(_table.c.subject.in_(bindparam("subjects", expanding=True)))


class KeyRing:
    """Keys by subject. The master wraps one key of the ring, which wraps the others: a remote master is asked once."""

    def __init__(self, engine: Engine, master: Master) -> None:
        self.engine, self._master = engine, master
        self._ciphers: dict[str, tuple[bytes, Cipher]] = {}
        _metadata.create_all(engine)

    @classmethod
    def open(cls, engine: Engine, master: Master) -> KeyRing:
        """The ring in a database of its own; raises `DataError` if the master key is not the one it was made with."""
        ring = cls(engine, master)
        try:
            _ = ring._index_key
        except DataError as error:
            todo = "Give the master key that this record was made with."
            raise DataError("the master key does not open the key ring", todo=todo) from error
        return ring

    def cipher(self, subject: str) -> Cipher:
        """The key of a subject in use; raises `DataError` if there is none (the person was erased)."""
        found = self._ciphers.get(subject)
        if found is None:
            wrapped = self._wrapped(subject)
            if wrapped is None:
                raise DataError("there is no key for these data", got="a person who was erased, or a lost key ring")
            found = self._ciphers[subject] = wrapped, Cipher(self._ring.unwrap(wrapped, subject))
        return found[1]

    def make(self, subjects: Collection[str]) -> None:
        """See that each subject has a key; durable on return. Of two writers at once the first one's key stays.

        A key in use here that another program dropped or made anew is forgotten: nothing is sealed under it again.
        """
        there = self._there(subjects)
        for one in subjects:
            if one in self._ciphers and self._ciphers[one][0] != there.get(one):
                del self._ciphers[one]
        missing = [one for one in subjects if one not in there]
        if missing:
            made = {one: self._ring.wrap(secrets.token_bytes(KEY_BYTES), one) for one in missing}
            self._insert(made)

    def drop(self, subjects: Collection[str]) -> None:
        """Forget the keys of subjects, for ever; durable on return."""
        with self.engine.begin() as connection:
            connection.execute(delete(_table).where(_table.c.subject.in_(list(subjects))))
        for one in subjects:
            self._ciphers.pop(one, None)
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:  # the log of the ring still held the wrapped key
                connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def holds(self, subject: str) -> bool:
        """Whether a subject has a key."""
        return self._wrapped(subject) is not None

    def pseudonym(self, subject: str) -> str:
        """What names a subject outside the database: the folder of their blobs."""
        return self._blind("owner", subject)

    def blind(self, text: str) -> str:
        """A keyed hash by which an identifier is found without being told."""
        return self._blind("identifier", text)

    def _blind(self, use: str, text: str) -> str:
        return hmac.digest(self._index_key, f"{use}\x1f{text}".encode(), "sha256").hex()[:_SHORT]

    @cached_property
    def _ring(self) -> LocalMaster:
        return LocalMaster(self._own(_RING, self._master))

    @cached_property
    def _index_key(self) -> bytes:
        return self._own(_INDEX, self._ring)

    def _own(self, name: str, master: Master) -> bytes:
        """A key of the ring itself, made the first time."""
        wrapped = self._wrapped(name)
        if wrapped is None:
            self._insert({name: master.wrap(secrets.token_bytes(KEY_BYTES), name)})
            wrapped = self._wrapped(name)
            assert wrapped is not None
        return master.unwrap(wrapped, name)

    def _wrapped(self, subject: str) -> bytes | None:
        with self.engine.connect() as connection:
            return connection.execute(select(_table.c.wrapped).where(_table.c.subject == subject)).scalar()

    def _there(self, subjects: Collection[str]) -> dict[str, bytes]:
        """Wrapped keys of those subjects that have one."""
        found: dict[str, bytes] = {}
        with self.engine.connect() as connection:
            for some in chunks(list(subjects)):
                rows = rows_of(connection, _OF, {"subjects": list(some)})
                found.update((row.subject, row.wrapped) for row in rows)
        return found

    def _insert(self, wrapped: dict[str, bytes]) -> None:
        rows = [{"subject": name, "wrapped": key, "made_ms": now_ms()} for name, key in wrapped.items()]
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(_table), rows)
        except IntegrityError:  # another writer was first with some of them
            if len(rows) > 1:
                for name, key in wrapped.items():
                    self._insert({name: key})


def holds_keys(engine: Engine) -> bool:
    """Whether a ring was begun in this database."""
    with engine.connect() as connection:
        return (
            inspect(connection).has_table(_table.name)
            and connection.execute(select(_table).limit(1)).first() is not None
        )


def ring_file(record_file: str) -> Path:
    """Where the key ring of a record in a file lies."""
    return Path(f"{record_file}.keys")
