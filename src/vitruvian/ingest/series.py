"""From rows of an export to batches of samples: times read, numbers read, what cannot be read named with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.ingest.local_time import local_to_utc, utc_offsets
from vitruvian.record import Rejected, Samples, Told

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

BATCH = 50_000


@dataclass(frozen=True)
class Column:
    """One signal of a table: its name, unit as received, and a value and perhaps a text for each row of the table."""

    signal: str
    unit: str
    value: Float[np.ndarray, N]
    text: tuple[str, ...] | None = None


def numbers(texts: Sequence[object]) -> tuple[Float[np.ndarray, N], Bool[np.ndarray, N]]:
    """(values, whether a number was there) of texts or numbers; a decimal comma is one too."""
    values, there = np.full(len(texts), np.nan), np.zeros(len(texts), bool)
    for k, text in enumerate(texts):
        try:
            values[k] = float(text.replace(",", ".") if isinstance(text, str) else text)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            continue
        there[k] = bool(np.isfinite(values[k]))
    return values, there


def samples(
    told: Told,
    source: str,
    column: Column,
    local: Int[np.ndarray, N],
    place: Int[np.ndarray, N],
    *,
    seconds: float | Float[np.ndarray, N] = 0.0,
    utc: bool = False,
) -> Iterator[Samples]:
    """Batches of one signal; `local` are ms in local time (or in UTC), `seconds` how long each sample lasts."""
    offset: Int[np.ndarray, N]
    start, offset = (
        (np.asarray(local, np.int64), utc_offsets(local, told.zone)) if utc else local_to_utc(local, told.zone)
    )
    end = start + np.round(np.asarray(seconds, float) * 1000).astype(np.int64)
    for a in range(0, len(start), BATCH):
        b = slice(a, a + BATCH)
        text = None if column.text is None else column.text[b]
        yield Samples(
            told.patient or "", column.signal, source, column.unit, start[b], end[b], offset[b], column.value[b],
            place[b], text,
        )  # fmt: skip


def rejects(kind: str, what: str, reason: str, places: Sequence[int] | Int[np.ndarray, N]) -> Iterator[Rejected]:
    """One reject for each row that cannot be read; `what` is "line" or "element"."""
    for place in places:
        yield Rejected(kind, f"{what}[{int(place)}]", reason)
