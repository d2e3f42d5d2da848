"""Opening the database behind a record: SQLite made durable, or a server by URL; its schema brought up to date."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from vitruvian.core import InputError, StoreError, UnsupportedError
from vitruvian.record import schema
from vitruvian.record.auditing import AuditChain
from vitruvian.record.blobs import BlobStore
from vitruvian.record.keys import KeyRing, holds_keys, ring_file
from vitruvian.record.master import open_master

REVISION = "0004"
"""The newest revision of `migrations`."""
_READS = "vitruvian_reads"
"""Option of a connection that only reads."""
_WAIT_S = 600
_PAUSE_S, _LONGEST_S = 0.001, 0.02
_LOCK = 0x5649_5453  # advisory lock of PostgreSQL while tables are made
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


@dataclass(frozen=True)
class Parts:
    """What a record stands on."""

    engine: Engine
    file: Path | None
    keys: KeyRing
    blobs: BlobStore
    chain: AuditChain


def open_parts(url: str, blobs: Path | str | None, create: bool, keys: Path | str | None = None) -> Parts:
    """Database, key ring, blob store and audit of the record at `url`; raises `InputError`."""
    parsed = _parse(url)
    file = Path(parsed.database or "") if parsed.drivername.startswith("sqlite") else None
    if file is not None and not create and not file.exists():
        raise InputError("there is no record", got=url, todo="Make one with `vitruvian ingest PATH`.")
    engine = make_engine(parsed)
    prepare(engine)
    beside = None if file is None else str(file)
    ring = make_engine(_parse(str(keys) if keys else _ring_url(beside)))
    held = KeyRing.open(ring, open_master(Path(f"{beside}.master-key") if beside else None, holds_keys(ring)))
    where = blobs or os.environ.get("VITRUVIAN_BLOBS") or (f"{beside}.blobs" if beside else None)
    if where is None:
        raise InputError("a record on a server needs a blob store", todo="Set VITRUVIAN_BLOBS or pass blobs=….")
    key_file, head_file = (Path(f"{beside}.audit-key"), Path(f"{beside}.audit-head")) if beside else (None, None)
    chain = AuditChain.open(key_file, file.name if file else str(parsed.database), head_file)
    chain.begin(engine)
    return Parts(engine, file, held, BlobStore.open(where, held), chain)


def _ring_url(beside: str | None) -> str:
    told = os.environ.get("VITRUVIAN_KEYS")
    if told:
        return told
    if beside is None:
        todo = "Set VITRUVIAN_KEYS to a file or database URL other than the record's."
        raise InputError("a record on a server needs a key ring outside its database", todo=todo)
    return str(ring_file(beside))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as error:
        raise InputError("not a record URL", got=url, allowed='"clinic.db" or "postgresql://…"') from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if not parsed.drivername.startswith("sqlite"):
        return parsed
    if not parsed.database or parsed.database == ":memory:":
        raise InputError("a record needs a file", got=url, allowed='a file name such as "clinic.db"')
    if not Path(parsed.database).absolute().parent.is_dir():
        raise InputError("the folder of the record does not exist", got=parsed.database, todo="Make the folder first.")
    return parsed


def make_engine(url: URL) -> Engine:
    """An engine; SQLite in WAL mode, synced at every commit, deleted rows overwritten."""
    if not url.drivername.startswith("sqlite"):
        try:
            return create_engine(url, pool_pre_ping=True)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            todo = 'Install the extra: pip install "vitruvian[postgres]".'
            raise UnsupportedError("this kind of database needs a driver", got=str(error), todo=todo) from error
    engine = create_engine(url, connect_args={"timeout": _WAIT_S})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """A writer is the only one from the start, so that none fails half way; a reader waits for nobody."""
    raw: Any = connection.connection.driver_connection
    if connection.get_execution_options().get(_READS, False):
        raw.execute("BEGIN")
    elif not _begun(raw):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begun(raw: sqlite3.Connection) -> bool:
    """Whether a writer's turn came. SQLite itself would soon look ten times a second, and find those first who look
    more often; here all look often, and less so only where one writer takes long."""
    began = monotonic()
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while (waited := monotonic() - began) < _WAIT_S:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False
            sleep(min(_PAUSE_S + waited / 50, _LONGEST_S))
    finally:
        raw.execute(f"PRAGMA busy_timeout={1000 * _WAIT_S}")
    return False


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: it sees the record as it is at one moment, and keeps no writer waiting."""
    with engine.connect() as connection:
        yield connection.execution_options(**{_READS: True})


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def open_engine(url: str) -> Engine:
    """An engine for a file name or URL, as a record has it; raises `InputError`, `UnsupportedError`."""
    return make_engine(_parse(url))


def prepare(engine: Engine) -> None:
    """Make the tables of a new record, migrate those of an old one.

    Raises `InputError` for another kind of file, `StoreError` for a server that cannot be reached. No message holds
    the password of the URL.
    """
    try:
        if _revision(engine) == REVISION:
            return
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _bring_forward(connection)
    except DatabaseError as error:
        url = engine.url.render_as_string(hide_password=True)
        got = f"{url} ({error.orig})"
        if engine.dialect.name != "sqlite" and isinstance(error, OperationalError):
            raise StoreError("the database cannot be reached", got=got, todo="See that the server runs.") from error
        if "unable to open" in got or "readonly" in got:
            raise StoreError(
                "the record cannot be opened for writing", got=got, todo="See who may write there."
            ) from error
        raise InputError("this is not a record", got=got, todo="Name another one.") from error


def _revision(engine: Engine) -> str | None:
    with suppress(DatabaseError), engine.connect() as connection:
        return connection.execute(select(_version.c.version_num)).scalar()
    return None


def _bring_forward(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    if "schema_version" in there:
        todo = "Ingest the raw files again into a new record."
        raise InputError(
            "the record was made by an early version, whose values lay open", got=str(connection.engine.url), todo=todo
        )
    found = connection.execute(select(_version.c.version_num)).scalar() if _version.name in there else None
    if found is not None and found > REVISION:
        raise InputError(
            "the record was made by a newer version of vitruvian", got=f"revision {found}", allowed=REVISION
        )
    if found is not None:
        _migrate(connection)
    elif not there & set(schema.metadata.tables):
        schema.metadata.create_all(connection)  # what all revisions together make, without loading Alembic
        _version.metadata.create_all(connection)
        connection.execute(insert(_version).values(version_num=REVISION))


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
