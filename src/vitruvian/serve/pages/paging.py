"""Long tables in pages: the first answer of a page stays small however much a record holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

Number = Annotated[int, Query(ge=1, le=1_000_000)]
"""Which page of a table, from 1."""


@dataclass(frozen=True)
class Paged:
    """The rows of one page of a table; page `number` of `count`, of `total` rows in all."""

    rows: Sequence[Any]
    number: int
    count: int
    total: int


def paged(rows: Sequence[Any], number: int, size: int) -> Paged:
    """The page `number` of rows in pages of `size`; beyond the end, the last one."""
    count = max(1, -(-len(rows) // size))
    number = min(number, count)
    return Paged(rows[size * (number - 1) : size * number], number, count, len(rows))
