"""Statistics of many short series at once: one pass over values for each, no sorting, no loop over series."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

_YEAR = 24 * 365.25


@dataclass(frozen=True)
class Segments:
    """N events of K series: `key` says which series, `t` hours before the moment (negative), in order of time.

    `value` is NaN for an event without one. Every statistic is an array of K, NaN where a series tells nothing.
    """

    key: Int[np.ndarray, " n"]
    t: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    size: int

    def of(self, statistics: Collection[str]) -> dict[str, Float[np.ndarray, " k"]]:
        """Some of the statistics, by name."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: np.asarray(getattr(self, f"_{name}"), np.float64) for name in statistics}

    @cached_property
    def _valued(self) -> Segments:
        """The events that have a value."""
        if not np.isnan(self.value.sum()):
            return self
        there = ~np.isnan(self.value)
        return Segments(self.key[there], self.t[there], self.value[there], self.size)

    @cached_property
    def _n(self) -> Float[np.ndarray, " k"]:
        return np.bincount(self.key, minlength=self.size).astype(np.float64)

    @property
    def _any(self) -> Float[np.ndarray, " k"]:
        return (self._n > 0).astype(np.float64)

    @property
    def _missing(self) -> Float[np.ndarray, " k"]:
        return (self._n == 0).astype(np.float64)

    @property
    def _since(self) -> Float[np.ndarray, " k"]:
        found = np.full(self.size, np.nan)
        found[self.key] = -self.t
        return found

    @property
    def _years(self) -> Float[np.ndarray, " k"]:
        return self._since / _YEAR

    @cached_property
    def _last(self) -> Float[np.ndarray, " k"]:
        """Of several assignments to one place the last one stays."""
        found = np.full(self.size, np.nan)
        found[self._valued.key] = self._valued.value
        return found

    @cached_property
    def _first(self) -> Float[np.ndarray, " k"]:
        found = np.full(self.size, np.nan)
        found[self._valued.key[::-1]] = self._valued.value[::-1]
        return found

    @property
    def _delta(self) -> Float[np.ndarray, " k"]:
        return self._last - self._first

    @property
    def _min(self) -> Float[np.ndarray, " k"]:
        found = np.full(self.size, np.inf)
        np.minimum.at(found, self._valued.key, self._valued.value)
        return np.where(np.isinf(found), np.nan, found)

    @property
    def _max(self) -> Float[np.ndarray, " k"]:
        found = np.full(self.size, -np.inf)
        np.maximum.at(found, self._valued.key, self._valued.value)
        return np.where(np.isinf(found), np.nan, found)

    @property
    def _sum(self) -> Float[np.ndarray, " k"]:
        return np.where(self._valued._n > 0, self._total, np.nan)

    @cached_property
    def _total(self) -> Float[np.ndarray, " k"]:
        return np.bincount(self._valued.key, self._valued.value, self.size)

    @cached_property
    def _mean(self) -> Float[np.ndarray, " k"]:
        return self._total / self._valued._n

    @cached_property
    def _deviation(self) -> Float[np.ndarray, " m"]:
        return self._valued.value - self._mean[self._valued.key]

    @property
    def _sd(self) -> Float[np.ndarray, " k"]:
        squares = np.bincount(self._valued.key, self._deviation * self._deviation, self.size)
        return np.where(self._valued._n > 1, np.sqrt(squares / (self._valued._n - 1)), np.nan)

    @property
    def _slope(self) -> Float[np.ndarray, " k"]:
        """NaN where all values of a series are of one time."""
        key = self._valued.key
        t = self._valued.t - (np.bincount(key, self._valued.t, self.size) / self._valued._n)[key]
        spread = np.bincount(key, t * t, self.size)
        slope = np.bincount(key, t * self._deviation, self.size) / spread
        return np.where(spread > 1e-9, slope, np.nan)
