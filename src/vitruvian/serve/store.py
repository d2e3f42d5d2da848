"""What the server keeps beside the record: accounts, sessions, tokens, jobs, alerts. No clinical value lies here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, MetaData

from vitruvian.record import Written, open_engine, reading

metadata = MetaData()
"""Each part of the server declares its tables here."""


@dataclass(frozen=True)
class Store:
    """The server's own database. Use `Store.open`."""

    engine: Engine
    _written: Written = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_written", Written(self.engine))

    @classmethod
    def open(cls, url: str) -> Store:
        """Open or make it; tables that are absent are made. Raises `InputError`, `StoreError`."""
        engine = open_engine(url)
        metadata.create_all(engine)
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, durable when it ends."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A transaction that only reads, and waits for no writer."""
        with reading(self.engine) as connection:
            yield connection

    def written(self) -> int | None:
        """A number that is another one as soon as anybody has written, whichever process; None where nobody counts."""
        return self._written.count()

    def close(self) -> None:
        """Let go of the database."""
        self._written.close()
        self.engine.dispose()


def beside(record: str) -> str:
    """The store of a record: the same server database, or a file beside the record's."""
    if "://" in record and not record.startswith("sqlite"):
        return record
    return f"{record}.serve"
