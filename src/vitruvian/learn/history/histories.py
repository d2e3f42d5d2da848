"""A person's whole history as tokens: what (a code), of which kind, how much, how long ago."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError

EMPTY, MASK, UNKNOWN, FIRST = 0, 1, 2, 3
"""Places of a vocabulary that are no codes; `FIRST` is that of its first code."""


@dataclass(frozen=True)
class Vocabulary:
    """The codes a model knows, in order, with their kind ("laboratory", "note", "genome", "image" …), and the mean and
    standard deviation of their values (0 and 1 of codes without any). Any other code is `UNKNOWN`: kept, and told."""

    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    mean: Float[np.ndarray, " codes"]
    sd: Float[np.ndarray, " codes"]

    def __post_init__(self) -> None:
        lengths = {len(self.codes), len(self.kinds), len(self.mean), len(self.sd)}
        if len(lengths) != 1 or len(set(self.codes)) != len(self.codes):
            raise InputError("a vocabulary", got=sorted(lengths), allowed="a kind, mean and deviation for each code")

    @classmethod
    def of(cls, events: Events, kinds: Mapping[str, str], least: int = 20) -> Vocabulary:
        """Codes that are there at least so often; `kinds` names the kind of each. Raises DataError where none is."""
        counts = Counter(events.code)
        codes = tuple(sorted(code for code, count in counts.items() if count >= least))
        if not codes:
            raise DataError("no code is there often enough", got=len(counts), allowed=f"at least {least} times")
        if unkind := [code for code in codes if code not in kinds]:
            raise DataError("codes without a kind", got=", ".join(unkind[:5]), todo="Name the kind of each code.")
        place = {code: k for k, code in enumerate(codes)}
        at = np.array([place.get(code, -1) for code in events.code])
        known = (at >= 0) & ~np.isnan(events.value)
        at, value = at[known], events.value[known]
        count = np.maximum(np.bincount(at, minlength=len(codes)), 1)
        mean = np.bincount(at, value, len(codes)) / count
        sd = np.sqrt(np.bincount(at, (value - mean[at]) ** 2, len(codes)) / count)
        return cls(codes, tuple(kinds[code] for code in codes), mean, np.where(sd > 1e-9 * (1 + np.abs(mean)), sd, 1.0))

    @property
    def kind_names(self) -> tuple[str, ...]:
        """Kinds in order; a place of kinds counts from 1, 0 being that of no code."""
        return tuple(sorted(set(self.kinds)))


@dataclass(frozen=True)
class Events:
    """N things known of people: whose (a row), when before the moment of asking (≤ 0), what, how much (NaN)."""

    row: Int[np.ndarray, " n"]
    time: Float[np.ndarray, " n"]
    code: Sequence[str]
    value: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        if not len(self.row) == len(self.time) == len(self.code) == len(self.value):
            raise DataError("rows, times, codes and values differ in number", got=len(self.code), allowed=len(self.row))
        if not (self.time <= 0).all():
            raise DataError("things known after the moment of asking, or without a time",
                            got=int((~(self.time <= 0)).sum()), todo="Leave them out.")  # fmt: skip


@dataclass(frozen=True)
class Histories:
    """Rows by tokens, oldest first, filled up in front: places in a vocabulary, scaled values (NaN), times (NaN)."""

    code: Int[np.ndarray, "rows tokens"]
    value: Float[np.ndarray, "rows tokens"]
    time: Float[np.ndarray, "rows tokens"]
    left_out: Int[np.ndarray, " rows"]
    """Older things of each row for which there was no room."""

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: Int[np.ndarray, " some"] | Bool[np.ndarray, " rows"]) -> Histories:
        """Some of the rows."""
        return Histories(self.code[rows], self.value[rows], self.time[rows], self.left_out[rows])


def histories(events: Events, vocabulary: Vocabulary, rows: int, most: int) -> Histories:
    """The newest `most` things of each row. Raises DataError for a row that is none of `rows`."""
    if len(events.row) and not 0 <= events.row.min() <= events.row.max() < rows:
        raise DataError("a thing is known of nobody", got=f"row {events.row.max()}", allowed=f"0 to {rows - 1}")
    place = {code: k + FIRST for k, code in enumerate(vocabulary.codes)}
    code = np.array([place.get(one, UNKNOWN) for one in events.code], int)
    known = code >= FIRST
    where = np.where(known, code - FIRST, 0)
    value = np.where(known, (events.value - vocabulary.mean[where]) / vocabulary.sd[where], np.nan)
    order = np.lexsort((code, events.time, events.row))
    row = events.row[order]
    count = np.bincount(row, minlength=rows)
    back = np.repeat(np.cumsum(count), count) - np.arange(len(row))
    kept = back <= most
    at = row[kept], most - back[kept]
    blank = np.full((rows, most), np.nan)
    found = Histories(np.zeros((rows, most), int), blank, blank.copy(), np.maximum(count - most, 0))
    found.code[at], found.value[at], found.time[at] = (one[order][kept] for one in (code, value, events.time))
    return found
