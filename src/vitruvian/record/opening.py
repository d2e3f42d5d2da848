"""Opening a database as a record: engine, pragmas, tables, schema version."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from vitruvian.core import InputError
from vitruvian.record import schema


def make_engine(url: str) -> tuple[Engine, str | None]:
    """Engine and, for SQLite, the database file."""
    if "://" not in url:
        url = f"sqlite:///{url}"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError("not a record URL", got=url, allowed='"clinic.db" or "postgresql+psycopg://…"') from error
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed), None
    if not parsed.database or parsed.database == ":memory:":
        raise InputError("a record needs a file", got=url, allowed='a file name such as "clinic.db"')
    if not Path(parsed.database).absolute().parent.is_dir():
        raise InputError("the folder of the record does not exist", got=parsed.database, todo="Make the folder first.")
    engine = create_engine(parsed, connect_args={"timeout": 60})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine, parsed.database


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def prepare(engine: Engine, url: str) -> None:
    """Make the tables of a new record; check the version of an old one."""
    table = schema.schema_version
    version = None
    try:
        with suppress(OperationalError), engine.connect() as connection:
            version = connection.execute(select(table.c.version)).scalar()
        if version is None:
            with engine.begin() as connection:
                schema.metadata.create_all(connection)
                if connection.execute(select(table.c.version)).scalar() is None:
                    connection.execute(insert(table).values(version=schema.VERSION))
            version = schema.VERSION
    except DatabaseError as error:
        raise InputError("this is not a record", got=f"{url} ({error.orig})", todo="Name another file.") from error
    if version != schema.VERSION:
        raise InputError(
            "the record was made by another version of vitruvian",
            got=f"schema {version}",
            allowed=f"schema {schema.VERSION}",
            todo="Ingest the raw files again into a new record.",
        )


def blob_folder() -> Path:
    """Where raw bytes lie for a record on a server: VITRUVIAN_BLOBS; raises `InputError` if it is not set."""
    folder = os.environ.get("VITRUVIAN_BLOBS")
    if not folder:
        raise InputError("a record on a server needs a blob folder", todo="Set VITRUVIAN_BLOBS or pass blobs=….")
    return Path(folder)
