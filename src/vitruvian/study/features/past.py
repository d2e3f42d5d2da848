"""What each moment knows of its subject's past, as short series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.study.features.numbered import Numbered
from vitruvian.study.features.recipe import Window
from vitruvian.study.features.segments import Segments

_BLOCK = 50_000
"""Events that are worked on at once, about."""
_FEW = 0.5
"""Share of events in a window below which the others are taken away before anything is computed."""
_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Past:
    """Events, each as often as its subject has moments: row, variable, hours before the moment (negative), value.

    `known`: whether the moment knows it.
    """

    row: Int[np.ndarray, " n"]
    variable: Int[np.ndarray, " n"]
    t: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    known: Bool[np.ndarray, " n"]

    def within(self, window: Window, chosen: Sequence[int], variables: int, rows: int) -> Segments:
        """The series of some variables in a window, row after row; a last series is of all that is not meant."""
        meant = self.known if window.end_h == 0 else self.known & (self.t <= -window.end_h)
        if np.isfinite(window.start_h):
            meant = meant & (self.t >= -window.start_h)
        series, size = self.variable, rows * len(chosen)
        if len(chosen) < variables:
            place = np.full(variables, -1)
            place[chosen] = np.arange(len(chosen))
            series = place[self.variable]
            meant = meant & (series >= 0)
        key = self.row * len(chosen) + series
        if np.count_nonzero(meant) > _FEW * len(meant):
            return Segments(np.where(meant, key, size), self.t, self.value, size + 1)
        kept = np.flatnonzero(meant)
        return Segments(key[kept], self.t[kept], self.value[kept], size + 1)


def blocks(part: Numbered) -> Iterator[Numbered]:
    """A part in pieces of whole subjects that fit into the cache of a processor."""
    cuts = np.unique(part.run[::_BLOCK]).tolist()
    for first, last in pairwise([*cuts, len(part.subjects)]):
        yield part.of(first, last)


def past_of(
    part: Numbered, rows_of: Mapping[str, Sequence[int]], at: Int[np.ndarray, " rows"]
) -> tuple[Int[np.ndarray, " rows"], Past]:
    """Rows of the subjects of a part, and their past; `at` are the times of all moments (µs)."""
    lists = [rows_of.get(one, ()) for one in part.subjects]
    rows = np.array([row for one in lists for row in one], np.int64)
    many = np.array([len(one) for one in lists], np.int64)
    told = np.maximum(part.known, part.time)
    if len(many) and (many == 1).all():
        moment = at[rows][part.run]
        return rows, Past(part.run, part.variable, (part.time - moment) / _HOUR, part.value, told <= moment)
    times = many[part.run]
    pair = np.repeat(np.arange(len(part.run)), times)
    first = (np.cumsum(many) - many)[part.run[pair]]
    row = first + np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    moment = at[rows][row]
    t = (part.time[pair] - moment) / _HOUR
    return rows, Past(row, part.variable[pair], t, part.value[pair], told[pair] <= moment)
