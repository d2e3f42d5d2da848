"""Floors: what anybody gets from the same columns with a library's usual settings; a model must beat them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.shapes import Rows
from vitruvian.learn.table.encoding import fit_encoding
from vitruvian.learn.table.growing import booster

Scorer = Callable[[Float[np.ndarray, "rows features"]], Float[np.ndarray, " rows"]]
REGULARISED = {"trees": 250, "num_leaves": 15, "learning_rate": 0.04, "feature_fraction": 0.2}
"""LightGBM with 250 trees of 15 leaves, each of a fifth of the columns."""


def boosted_floor(rows: Rows, label: Bool[np.ndarray, " rows"], seed: int, group: Sequence[str] | None) -> Scorer:
    """LightGBM, regularised by hand."""
    encoding, told = fit_encoding(rows, label, group, seed)
    grown = booster(REGULARISED, told, label, seed)
    return lambda values: np.asarray(grown.predict(encoding(values), num_threads=1))


def logistic_floor(rows: Rows, label: Bool[np.ndarray, " rows"], seed: int, group: Sequence[str] | None) -> Scorer:
    """Logistic regression of standardised columns, the mean where one is missing, and whether it is."""
    from scipy.special import expit

    from vitruvian.learn.table.ridge import ridge_logistic

    encoding, told = fit_encoding(rows, label, group, seed)
    with np.errstate(invalid="ignore"):
        there = np.maximum(np.isfinite(told).sum(0), 1)
        mean = np.nansum(told, 0) / there
        scale = np.sqrt(np.nansum((told - mean) ** 2, 0) / there)
    scale = np.where(scale > 0, scale, 1.0)

    def columns(x: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows terms"]:
        gone = np.isnan(x)
        return np.concatenate([np.where(gone, 0.0, np.clip((x - mean) / scale, -8.0, 8.0)), gone], 1)

    base, theta = ridge_logistic(columns(told), label.astype(np.float64), 100.0, np.ones(len(told)))
    return lambda values: np.asarray(expit(base + columns(encoding(values)) @ theta))


FLOORS: Mapping[str, Callable[[Rows, np.ndarray, int, Sequence[str] | None], Scorer]] = {
    "LightGBM, regularised": boosted_floor,
    "logistic": logistic_floor,
}
