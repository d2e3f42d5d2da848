"""Irregular series as windows: rows by steps by channels, missing values as they are, each step at its own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.shapes import Feature, Rows


@dataclass(frozen=True)
class Windows:
    """Rows (people or moments) by steps by channels; NaN is missing. The last step is the newest.

    `times` is the time of each step before the moment of asking (≤ 0, rising, in the unit that the model names); NaN
    marks steps before the series began, which hold nothing. `fixed` is what does not change over a window, a row each.
    """

    channels: tuple[Feature, ...]
    values: Float[np.ndarray, "rows steps channels"]
    times: Float[np.ndarray, "rows steps"]
    fixed: Rows
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows, steps = self.times.shape
        if self.values.shape != (rows, steps, len(self.channels)) or not steps:
            raise DataError("windows, times and channels differ", got=f"{self.values.shape} and {self.times.shape}",
                            allowed=f"(rows, steps, {len(self.channels)}) and (rows, steps)")  # fmt: skip
        if len(self.fixed) != rows or (self.ids and len(self.ids) != rows):
            raise DataError(
                "windows and what is fixed differ", got=f"{len(self.fixed)} and {len(self.ids)}", allowed=rows
            )
        if np.isinf(self.values).any():
            raise DataError(
                "a window holds an infinite value", got=int(np.isinf(self.values).sum()), allowed="numbers, NaN"
            )
        padding = np.isnan(self.times)
        if (~np.isnan(self.values) & padding[:, :, None]).any():
            raise DataError("a step without a time holds values", got=int(padding.sum()), allowed="empty steps")
        known = np.where(padding, -np.inf, self.times)
        if (known[:, 1:] < known[:, :-1]).any() or (known > 0).any():
            todo = "Leave out what comes after the moment of asking."
            raise DataError("times of a window do not rise to the moment of asking", allowed="none above 0", todo=todo)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seen(self) -> Bool[np.ndarray, "rows steps channels"]:
        """Which values were measured."""
        return ~np.isnan(self.values)

    @property
    def outside(self) -> Bool[np.ndarray, "rows steps channels"]:
        """Which values lie outside the bounds of their channel."""
        low = np.array([-np.inf if one.low is None else one.low for one in self.channels])
        high = np.array([np.inf if one.high is None else one.high for one in self.channels])
        return (self.values < low) | (self.values > high)

    def take(self, rows: Int[np.ndarray, " some"] | Bool[np.ndarray, " rows"]) -> Windows:
        """Some of the rows."""
        rows = np.arange(len(self))[rows]
        fixed = Rows(self.fixed.features, self.fixed.values[rows])
        ids = tuple(self.ids[k] for k in rows) if self.ids else ()
        return replace(self, values=self.values[rows], times=self.times[rows], fixed=fixed, ids=ids)


def nothing_fixed(rows: int) -> Rows:
    """Rows without any fixed feature."""
    return Rows((), np.zeros((rows, 0)))


def series_windows(
    row: Int[np.ndarray, " events"],
    time: Float[np.ndarray, " events"],
    channel: Int[np.ndarray, " events"],
    value: Float[np.ndarray, " events"],
    channels: Sequence[Feature],
    *,
    rows: int,
    steps: int,
    every: float | None = None,
    fixed: Rows | None = None,
    ids: tuple[str, ...] = (),
) -> Windows:
    """Windows from single measurements, in any order, `time` being that before the moment of asking (≤ 0).

    With `every`, a step is a bin of that length and the mean of what was measured in it, the last ending at 0; without,
    a step is a moment at which anything was measured (several values of a channel then: their mean), the newest `steps`
    of them. What lies before the first step is left out. Raises DataError for times after the moment of asking and for
    indices out of range, InputError for a length or number of steps that is none.
    """
    if steps < 1 or (every is not None and not every > 0):
        raise InputError("steps of a window", got=f"{steps} of {every}", allowed="at least one, of a length above 0")
    if (time > 0).any() or np.isnan(time).any():
        raise DataError("measurements after the moment of asking, or without a time", got=int((~(time <= 0)).sum()),
                        allowed="times ≤ 0", todo="Count time back from the moment of asking.")  # fmt: skip
    if len(row) and not (0 <= row.min() <= row.max() < rows and 0 <= channel.min() <= channel.max() < len(channels)):
        raise DataError("a measurement is of no row or channel", allowed=f"{rows} rows, {len(channels)} channels")
    measured = ~np.isnan(value)
    row, time, channel, value = row[measured], time[measured], channel[measured], value[measured]
    at, times = _binned(row, time, rows, steps, every) if every else _moments(row, time, rows, steps)
    kept = at >= 0
    cell = (row[kept] * steps + at[kept]) * len(channels) + channel[kept]
    size = rows * steps * len(channels)
    count, total = np.bincount(cell, minlength=size), np.bincount(cell, value[kept], minlength=size)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(rows, steps, len(channels))
    return Windows(tuple(channels), mean, times, nothing_fixed(rows) if fixed is None else fixed, ids)


def _binned(
    row: np.ndarray, time: np.ndarray, rows: int, steps: int, every: float
) -> tuple[Int[np.ndarray, " events"], Float[np.ndarray, "rows steps"]]:
    """Step of each event (below 0: too early) and the middles of the bins."""
    at = steps - 1 - np.floor(-time / every).astype(int)
    times = -(np.arange(steps, 0, -1) - 0.5) * every
    return at, np.broadcast_to(times, (rows, steps)).copy()


def _moments(
    row: np.ndarray, time: np.ndarray, rows: int, steps: int
) -> tuple[Int[np.ndarray, " events"], Float[np.ndarray, "rows steps"]]:
    """As `_binned`, each distinct time of a row being a step."""
    times = np.full((rows, steps), np.nan)
    if not len(row):
        return np.zeros(0, int), times
    order = np.lexsort((time, row))
    r, t = row[order], time[order]
    new = np.append(True, (r[1:] != r[:-1]) | (t[1:] != t[:-1]))
    moment = np.cumsum(new) - 1
    of_row = r[new]
    last = np.searchsorted(of_row, of_row, side="right") - 1
    step = steps - 1 - (last - np.arange(len(of_row)))
    inside = step >= 0
    times[of_row[inside], step[inside]] = t[new][inside]
    at = np.empty(len(row), int)
    at[order] = step[moment]
    return at, times
