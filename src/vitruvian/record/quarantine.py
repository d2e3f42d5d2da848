"""What was kept but not accepted: listed with its reason, tried again after a fix, or dismissed with a reason."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from vitruvian.core import InputError, UnknownNameError
from vitruvian.record import schema
from vitruvian.record.blobs import BlobStore
from vitruvian.record.formats import RawFile
from vitruvian.record.keys import QUARANTINE, KeyRing
from vitruvian.record.scratch import scratch_folder


@dataclass(frozen=True)
class Quarantined:
    """A record that was kept but not accepted: where it is, why, and when it came."""

    id: str
    name: str
    place: str
    what: str
    reason: str
    raw_hash: str
    parser: str
    received_ms: int
    dismissed: str = ""
    """Why somebody dismissed it; the bytes stay, and coming again it waits again."""


def waiting_rows(connection: Connection, ids: Collection[str] | None = None) -> Sequence[Any]:
    """Rows of what is still in quarantine (all, or some ids), oldest first; raises `UnknownNameError`."""
    table = schema.quarantine
    query = select(table).where(table.c.accepted_ms.is_(None)).order_by(table.c.received_ms, table.c.quarantine)
    rows = connection.execute(query).all()
    if ids is None:
        return rows
    absent = set(ids) - {row.quarantine for row in rows}
    if absent:
        todo = "See `vitruvian quarantine list`."
        raise UnknownNameError("not in quarantine", got=", ".join(sorted(absent)), todo=todo)
    return [row for row in rows if row.quarantine in ids]


def open_quarantined(row: Any, keys: KeyRing) -> Quarantined:
    """What a row of table `quarantine` tells."""
    told = opened(row, keys)
    words = (told["name"], told["place"], told["what"], told["reason"])
    return Quarantined(row.quarantine, *words, row.raw_hash, row.parser, row.received_ms, told.get("dismissed", ""))


def not_dismissed(rows: Sequence[Any], keys: KeyRing) -> list[Any]:
    """Rows that nobody dismissed."""
    return [row for row in rows if not opened(row, keys).get("dismissed")]


def put_aside(connection: Connection, ids: Collection[str], reason: str, who: str, keys: KeyRing) -> None:
    """Mark rows as dismissed, with the reason and by whom sealed beside; what lies behind them stays.

    Raises `InputError` without ids or a reason, `UnknownNameError` for an id that is not there.
    """
    if not ids or not reason.strip():
        raise InputError("nothing is dismissed without a reason", todo="Choose what is dismissed, and say why.")
    table = schema.quarantine
    for row in waiting_rows(connection, ids):
        told = opened(row, keys) | {"dismissed": reason.strip(), "dismissed_by": who}
        query = update(table).where(table.c.quarantine == row.quarantine)
        connection.execute(query.values(sealed=seal_told(told, row, keys)))


def opened(row: Any, keys: KeyRing) -> dict[str, Any]:
    """The sealed part of a row: name, place, what, reason, companions."""
    found: dict[str, Any] = orjson.loads(keys.cipher(row.subject).open(row.sealed, row.quarantine.encode()))
    return found


def hashes_of(row: Any, keys: KeyRing) -> set[str]:
    """Hashes of the bytes behind a row: its file, and what came with it."""
    return {row.raw_hash, *(one["hash"] for one in opened(row, keys).get("companions", ()))}


def unneeded(connection: Connection, gone: Sequence[Any], keys: KeyRing) -> list[tuple[str, str]]:
    """(owner, hash) of the bytes behind rows that are `gone`, less what other rows that wait need."""
    nobody = [row for row in gone if row.subject == QUARANTINE]
    if not nobody:
        return []
    left = {row.quarantine for row in gone}
    staying = [row for row in waiting_rows(connection) if row.subject == QUARANTINE and row.quarantine not in left]
    needed = set().union(*(hashes_of(row, keys) for row in staying))
    return sorted((QUARANTINE, one) for row in nobody for one in hashes_of(row, keys) - needed)


def seal_told(told: dict[str, Any], row: Any, keys: KeyRing) -> bytes:
    """`told` as the sealed part of a row."""
    return keys.cipher(row.subject).seal(orjson.dumps(told), row.quarantine.encode())


@contextmanager
def raw_file(row: Any, keys: KeyRing, blobs: BlobStore) -> Iterator[RawFile]:
    """The bytes behind a row as a temporary file, with its companions beside it."""
    told = opened(row, keys)
    with scratch_folder() as folder:
        for one in ({"name": told["name"].rpartition("/")[2], "hash": row.raw_hash}, *told.get("companions", ())):
            with blobs.file(row.subject, one["hash"]) as path:
                shutil.copyfile(path, Path(folder) / Path(one["name"]).name)
        yield RawFile(Path(folder) / Path(told["name"].rpartition("/")[2]).name, told["name"])
