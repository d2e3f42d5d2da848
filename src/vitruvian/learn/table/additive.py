"""A logistic model of bent columns: each column adds a curve of its own, so that it is its own explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.learn.table.ridge import ridge_logistic

_KNOTS = 17
_TAIL = 0.005
_LEAST = 20


@dataclass(frozen=True)
class Additive:
    """`curve[k]` is what column `column[k]` adds at `knots[k]`, straight between them; `absent[k]` where it is missing.

    Curves are 0 on average over the training rows, so `base` is the margin of nobody in particular.
    """

    columns: int
    base: float
    column: Int[np.ndarray, " used"]
    knots: Float[np.ndarray, "used knots"]
    curve: Float[np.ndarray, "used knots"]
    absent: Float[np.ndarray, " used"]

    def margin(self, x: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " rows"]:
        """Log-odds of each row; NaN is missing."""
        found = np.full(len(x), self.base)
        for _, moved in self._each(x):
            found += moved
        return found

    def contributions(self, x: Float[np.ndarray, "rows columns"]) -> tuple[float, Float[np.ndarray, "rows columns"]]:
        """(margin of nobody in particular, what each column adds to each row's)."""
        found = np.zeros((self.columns, len(x)))
        for column, moved in self._each(x):
            found[column] = moved
        return self.base, found.T

    def _each(self, x: Float[np.ndarray, "rows columns"]) -> Iterator[tuple[int, Float[np.ndarray, " rows"]]]:
        turned = np.ascontiguousarray(x.T[self.column])
        for k, column in enumerate(self.column):
            moved = np.interp(turned[k], self.knots[k], self.curve[k])
            yield int(column), np.where(np.isnan(moved), self.absent[k], moved)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name; `additive_of` reads them."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}


def additive_of(arrays: Mapping[str, np.ndarray]) -> Additive:
    """The model that `to_arrays` told of."""
    curves = (arrays[name] for name in ("column", "knots", "curve", "absent"))
    return Additive(int(arrays["columns"]), float(arrays["base"]), *curves)


def fit_additive(
    x: Float[np.ndarray, "rows columns"], label: Bool[np.ndarray, " rows"], ridge: float, most: int,
    weight: Float[np.ndarray, " rows"] | None = None,
) -> Additive:  # fmt: skip
    """Log-odds as a sum over the `most` columns that tell most, each bent by rank, its square and its absence.

    `ridge` is the penalty on squared coefficients of standardised terms.
    """
    weight = np.ones(len(x)) if weight is None else weight
    bent = [one for one in (_bent(x[:, k], k) for k in range(x.shape[1])) if one is not None]
    terms = [_terms(x[:, one.column], one) for one in bent]
    telling = np.array([np.abs((some - some.mean(0)).T @ (weight * (label - label.mean()))).max() for some in terms])
    chosen = np.sort(np.argsort(-telling, kind="stable")[:most])
    bent, terms = [bent[k] for k in chosen], [terms[k] for k in chosen]
    told = np.concatenate([np.zeros((len(x), 0)), *terms], 1)
    centre = told.mean(0)
    base, theta = ridge_logistic(told - centre, label.astype(np.float64), ridge, weight)
    sizes = np.cumsum([0, *(some.shape[1] for some in terms)])
    curves, absents = [], []
    for one, start, end in zip(bent, sizes[:-1], sizes[1:], strict=True):
        own, shift = theta[start:end], centre[start:end] @ theta[start:end]
        curves.append(own[0] * one.height + own[1] * (one.height**2) - shift)
        absents.append(own[2:].sum() - shift)
    column = np.array([one.column for one in bent], np.int64)
    knots = np.array([one.knots for one in bent]).reshape(len(bent), _KNOTS)
    return Additive(x.shape[1], base, column, knots, np.array(curves).reshape(knots.shape), np.array(absents))


@dataclass(frozen=True)
class _Bent:
    """Knots of a column, and the standard normal quantile of the rank of each."""

    column: int
    knots: Float[np.ndarray, " knots"]
    height: Float[np.ndarray, " knots"]
    gaps: bool


def _bent(values: Float[np.ndarray, " rows"], column: int) -> _Bent | None:
    """None for a column with too little in it to tell anything."""
    from scipy.special import ndtri

    there = np.sort(values[np.isfinite(values)])
    if len(there) < _LEAST or there[0] == there[-1]:
        return None
    knots = np.unique(np.quantile(there, np.linspace(0.0, 1.0, _KNOTS)))
    rank = (np.searchsorted(there, knots, "left") + np.searchsorted(there, knots, "right")) / (2 * len(there))
    height = ndtri(np.clip(rank, _TAIL, 1.0 - _TAIL))
    filled = _KNOTS - len(knots)
    gaps = len(values) - len(there) >= _LEAST
    return _Bent(
        column, np.append(knots, np.full(filled, knots[-1])), np.append(height, np.full(filled, height[-1])), gaps
    )


def _terms(values: Float[np.ndarray, " rows"], bent: _Bent) -> Float[np.ndarray, "rows terms"]:
    """Bent value and its square (0 where missing), and whether it is missing if it often is."""
    gone = np.isnan(values)
    height = np.where(gone, 0.0, np.interp(values, bent.knots, bent.height))
    square = np.where(gone, 0.0, np.interp(values, bent.knots, bent.height**2))
    return np.stack([height, square, *([gone.astype(np.float64)] if bent.gaps else [])], 1)
