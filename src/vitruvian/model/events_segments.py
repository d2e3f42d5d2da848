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
        self._knots = self._find_knots()
        here = self._with_time(self._values, self._time)
        between = self._with_time(self._between_values(), self._knots[:-1])
        self._rows, index = _distinct(np.concatenate([here, between]))
        self.record_row = index[: len(here)].tolist()
        self._between = index[len(here) :].tolist()
        self.start_row = self._between[0] if self._between else self.record_row[0]
        steps = [k for k in range(1, len(self._between)) if self._between[k] != self._between[k - 1]]
        self.change_time = [float(self._knots[k]) for k in steps]
        self.change_row = [self._between[k] for k in steps]

    @property
    def rows(self) -> list[tuple[float, ...]]:
        """The distinct rows, in the order of their index."""
        return [tuple(row) for row in self._rows.tolist()]

    def at(self, time: float) -> int:
        """Row in force at `time`, taken from before where it changes just then."""
        k = int(np.searchsorted(self._knots, time, side="left")) - 1
        return self._between[min(max(k, 0), len(self._between) - 1)] if self._between else self.record_row[0]

    def _with_time(self, values: np.ndarray, time: np.ndarray) -> np.ndarray:
        """The values with TIME, the last break passed, before the occasion, where the model has breaks."""
        if not len(self._breaks):
            return values
        passed = np.searchsorted(self._breaks, time, side="right")
        starts = np.concatenate([[min(0.0, float(self._time[0]))], self._breaks])[passed]
        return np.concatenate([values[:, :-1], starts[:, None], values[:, -1:]], axis=1)

    def _find_knots(self) -> np.ndarray:
        times = np.unique(self._time)
        inside = self._breaks[(self._breaks > times[0]) & (self._breaks < times[-1])]
        knots = [times, inside]
        linear = [k for k, mode in enumerate(self._modes) if mode == "linear"]
        if linear and (self._values[:, linear] != self._values[:1, linear]).any():
            knots += [np.linspace(a, b, LINEAR_STEPS + 1) for a, b in pairwise(times)]
        return np.unique(np.concatenate(knots))

    def _between_values(self) -> np.ndarray:
        """Covariates that hold from each knot to the next."""
        a, b = self._knots[:-1], self._knots[1:]
        before = np.searchsorted(self._time, a, side="right") - 1
        after = np.searchsorted(self._time, b, side="left")
        left, right = self._values[before], self._values[after]
        share = ((a + b) / 2 - self._time[before]) / (self._time[after] - self._time[before])
        choice = {"nocb": right, "locf": left, "linear": left + share[:, None] * (right - left)}
        columns = [choice[mode][:, k] for k, mode in enumerate(self._modes)]
        return np.stack(columns, axis=1) if columns else left


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows in the order of their first appearance, and the index of each row among them."""
    unique, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    return unique[order], rank[inverse.ravel()]


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
