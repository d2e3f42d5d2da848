"""Reading a table of the analytic copy part after part: as much as the actor may see, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, TypeVar

from vitruvian.core import AccessError, InputError, StoreError, now_ms
from vitruvian.record.analytic import Analytic
from vitruvian.record.analytic_grant import Grant, grant_of
from vitruvian.record.analytic_parts import TABLES, Index, Parts
from vitruvian.record.opening import reading

if TYPE_CHECKING:
    import polars as pl

    from vitruvian.record.record import Record

T = TypeVar("T")


def scan_visible(record: Record, tables: Collection[str], work: Callable[[Iterator[tuple[str, pl.DataFrame]]], T]) -> T:
    """What `work` makes of the rows of "facts", "resources" or "samples": (table, frame), with their `person` in front.

    Its result is given only after the audit row is durable, and only if what may be seen is still the same: `work`
    must keep what it read to itself until then. Raises `AccessError` without the rights to search and read or where a
    consent changed meanwhile, `StoreError` where the copy was renewed meanwhile.
    """
    if odd := set(tables) - set(TABLES):
        raise InputError("no such table", got=", ".join(sorted(odd)), allowed=", ".join(TABLES))
    for action in ("search", "read"):
        record._demand(action, "")
    record.seal_samples()
    copy = Analytic.of(record.engine, record.keys, record.blobs)
    index = copy.current()
    with reading(record.engine) as connection:
        grant = grant_of(connection, record.keys, record.actor, now_ms(), index.generation)
    counted: list[int] = []
    result = work(_frames(copy.parts, index, grant, tables, counted))
    with record.transaction() as connection:
        now = grant_of(connection, record.keys, record.actor, now_ms(), index.generation)
        record._note(connection, "search", "", {"of": " ".join(sorted(tables)), "rows": sum(counted)})
    if now.key != grant.key:
        raise AccessError("what may be seen changed while it was read", todo="Read again.")
    return result


def _frames(
    parts: Parts, index: Index, grant: Grant, tables: Collection[str], counted: list[int]
) -> Iterator[tuple[str, pl.DataFrame]]:
    for part in index.parts:
        if part.table in tables:
            try:
                rows = grant.filter(parts.read(part))
            except FileNotFoundError as error:
                raise StoreError("the analytic copy was renewed while it was read", todo="Read again.") from error
            counted.append(rows.height)
            yield part.table, rows
