"""From rows of an export to batches of samples: times read, numbers read, what cannot be read named with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class Moments:
    """When each row of a table was: ms UTC and offset in minutes. All rows are read at once, in the order of the file,
    since the hour that comes twice is told apart by that order."""

    start: Int[np.ndarray, N]
    offset: Int[np.ndarray, N]

    @classmethod
    def local(cls, local: Int[np.ndarray, N], told: Told) -> Moments:
        """Of local times (ms as if UTC)."""
        return cls(*local_to_utc(local, told.zone))

    @classmethod
    def utc(cls, utc: Int[np.ndarray, N], told: Told) -> Moments:
        """Of times in UTC; the offset is that of the zone told, else 0."""
        return cls(np.asarray(utc, np.int64), utc_offsets(utc, told.zone))

    def __getitem__(self, rows: Any) -> Moments:
        return Moments(self.start[rows], self.offset[rows])


def samples(
    told: Told,
    source: str,
    column: Column,
    at: Moments,
    place: Int[np.ndarray, N],
    seconds: float | Float[np.ndarray, N] = 0.0,
) -> Iterator[Samples]:
    """Batches of one signal; `seconds` is how long each sample lasts."""
    end = at.start + np.round(np.asarray(seconds, float) * 1000).astype(np.int64)
    for a in range(0, len(at.start), BATCH):
        b = slice(a, a + BATCH)
        text = None if column.text is None else column.text[b]
        yield Samples(
            told.patient or "", column.signal, source, column.unit, at.start[b], end[b], at.offset[b],
            column.value[b], place[b], text,
        )  # fmt: skip


def rejects(kind: str, what: str, reason: str, places: Sequence[int] | Int[np.ndarray, N]) -> Iterator[Rejected]:
    """One reject for each row that cannot be read; `what` is "line" or "element"."""
    for place in places:
        yield Rejected(kind, f"{what}[{int(place)}]", reason)
