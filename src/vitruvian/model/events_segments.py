"""Which covariates hold when: records → distinct rows of covariates, and the times at which they change."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from vitruvian.core import DataError, InputError
from vitruvian.model.model import Model
from vitruvian.model.subject import Subject

Interpolation = Literal["nocb", "locf", "linear"]
LINEAR_STEPS = 16
"""Pieces, each with its midpoint's value, that stand for a linear change between two records."""


class Segments:
    """Covariates of one person over time.

    `rows` are the distinct rows (covariates in the order of `names`, then the occasion), `record_row` the row of each
    record, `start_row` the row before the first change; after `change_time[k]` row `change_row[k]` holds.
    """

    def __init__(self, model: Model, s: Subject, interpolation: Interpolation | Mapping[str, Interpolation]) -> None:
        self._breaks = np.unique(np.asarray(model.breakpoints, dtype=float))
        self.names = tuple(c.name for c in model.covariates if c.name != "TIME")
        self._modes = [_mode(interpolation, name) for name in self.names]
        self._modes.append(interpolation if interpolation in ("nocb", "locf") else "nocb")
        self._time = np.asarray(s.time, dtype=float)
        self._values = _values(model, self.names, s)
        if len(self._breaks):
            self.names = (*self.names, "TIME")
        self._index: dict[tuple[float, ...], int] = {}
        if not len(self._breaks) and (self._values == self._values[0]).all():
            self._hold(len(self._time))
            return
        self.record_row = [self._row(self._values[i], t) for i, t in enumerate(self._time)]
        self._knots = self._find_knots()
        self._between = [self._interval(a, b) for a, b in pairwise(self._knots)]
        self.start_row = self._between[0] if self._between else self.record_row[0]
        steps = [k for k in range(1, len(self._between)) if self._between[k] != self._between[k - 1]]
        self.change_time = [float(self._knots[k]) for k in steps]
        self.change_row = [self._between[k] for k in steps]

    def _hold(self, records: int) -> None:
        """One row for all time: the common case, and the fast one."""
        self.record_row = [self._row(self._values[0], 0.0)] * records
        self._knots, self._between = np.empty(0), []
        self.start_row, self.change_time, self.change_row = 0, [], []

    @property
    def rows(self) -> list[tuple[float, ...]]:
        """The distinct rows, in the order of their index."""
        return list(self._index)

    def at(self, time: float) -> int:
        """Row in force at `time`, taken from before where it changes just then."""
        k = int(np.searchsorted(self._knots, time, side="left")) - 1
        return self._between[min(max(k, 0), len(self._between) - 1)] if self._between else self.record_row[0]

    def _row(self, values: np.ndarray, time: float) -> int:
        row = tuple(float(v) for v in values)
        if len(self._breaks):
            passed = self._breaks[self._breaks <= time]
            row = (*row[:-1], float(passed[-1]) if len(passed) else min(0.0, float(self._time[0])), row[-1])
        return self._index.setdefault(row, len(self._index))

    def _find_knots(self) -> np.ndarray:
        times = np.unique(self._time)
        inside = self._breaks[(self._breaks > times[0]) & (self._breaks < times[-1])]
        knots = [times, inside]
        linear = [k for k, mode in enumerate(self._modes) if mode == "linear"]
        if linear and (self._values[:, linear] != self._values[:1, linear]).any():
            knots += [np.linspace(a, b, LINEAR_STEPS + 1) for a, b in pairwise(times)]
        return np.unique(np.concatenate(knots))

    def _interval(self, a: float, b: float) -> int:
        """Row that holds from knot `a` to knot `b`."""
        before = int(np.searchsorted(self._time, a, side="right")) - 1
        after = int(np.searchsorted(self._time, b, side="left"))
        left, right = self._values[before], self._values[after]
        share = ((a + b) / 2 - self._time[before]) / (self._time[after] - self._time[before])
        choice = {"nocb": right, "locf": left, "linear": left + share * (right - left)}
        values = np.asarray([choice[mode][k] for k, mode in enumerate(self._modes)])
        return self._row(values, a)


def _mode(interpolation: Any, name: str) -> Any:
    mode = interpolation if isinstance(interpolation, str) else interpolation.get(name, "nocb")
    if mode not in ("nocb", "locf", "linear"):
        raise InputError(f"no such interpolation of covariate {name}", got=mode, allowed="nocb, locf, linear")
    return mode


def _values(model: Model, names: tuple[str, ...], s: Subject) -> np.ndarray:
    """(records, covariates + occasion); defaults only where the model's source states one."""
    defaults = {c.name: c.default for c in model.covariates}
    columns = []
    for name in names:
        column = s.covariates.get(name)
        if column is None and defaults[name] is None:
            raise DataError(
                f"person {s.id} lacks covariate {name} of model {model.name}",
                got=", ".join(sorted(s.covariates)) or "none",
                todo="Add it to every record.",
            )
        values = np.full(len(s), defaults[name]) if column is None else np.asarray(column, dtype=float)
        if not np.isfinite(values).all():
            raise DataError(f"covariate {name} of person {s.id} is not a finite number at every record", got=values)
        columns.append(values)
    return np.stack([*columns, np.asarray(s.occasion, dtype=float)], axis=1)
