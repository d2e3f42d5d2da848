"""Rows → the same matrix at every site: standardised by means of all sites, missing marked, categories one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn import Feature, Rows

RARE = 0.01
"""A share of missing values below which missing gets no column of its own."""


@dataclass(frozen=True)
class Standard:
    """What the sites found together: mean and deviation of each number, and whether missing is marked."""

    mean: Float[np.ndarray, " numbers"]
    deviation: Float[np.ndarray, " numbers"]
    marked: Bool[np.ndarray, " numbers"]

    def width(self, features: Sequence[Feature]) -> int:
        """Columns of the matrix."""
        return (
            len(self.mean) + int(self.marked.sum()) + sum(len(f.categories) for f in features if f.kind == "category")
        )

    def matrix(self, rows: Rows) -> Float[np.ndarray, "rows columns"]:
        """Numbers (missing: the mean, 0), then marks of missing ones, then categories (missing: none of them)."""
        values = rows.values[:, numbers(rows.features)]
        gone = np.isnan(values)
        standard = np.where(gone, 0.0, (values - self.mean) / self.deviation)
        categories = [
            (rows.values[:, at, None] == np.arange(len(feature.categories))).astype(float)
            for at, feature in enumerate(rows.features)
            if feature.kind == "category"
        ]
        return np.hstack([standard, gone[:, self.marked].astype(float), *categories])

    def owners(self, features: Sequence[Feature]) -> list[int]:
        """Which feature each column of the matrix comes from."""
        chosen = numbers(features)
        marks = [at for at, marked in zip(chosen, self.marked, strict=True) if marked]
        each = [at for at, feature in enumerate(features) for _ in feature.categories if feature.kind == "category"]
        return [*chosen, *marks, *each]


def numbers(features: Sequence[Feature]) -> list[int]:
    """Places of the features that are numbers."""
    return [at for at, feature in enumerate(features) if feature.kind == "number"]


def moments(rows: Rows) -> Float[np.ndarray, "rows three*numbers"]:
    """Of each row: whether a number is there, the number, and its square, on the scale of the feature's bounds."""
    middle, half = _scales(rows.features)
    values = (rows.values[:, numbers(rows.features)] - middle) / half
    there = ~np.isnan(values)
    values = np.where(there, values, 0.0)
    return np.hstack([there.astype(float), values, values**2])


def weighed(features: Sequence[Feature]) -> tuple[Float[np.ndarray, " three*numbers"], float]:
    """For privacy: weights of `moments` by how exactly each is needed, and the norm to which a weighed row is clipped.

    A deviation is small on the scale of the bounds, so squares need least noise. Clipping shortens all of a row alike:
    means and deviations are then weighted ones.
    """
    count = len(numbers(features))
    return np.repeat([0.3, 1.0, 3.0], count), 1.1 * np.sqrt(count)


def standard_of(total: Float[np.ndarray, " three*numbers"], rows: float, features: Sequence[Feature]) -> Standard:
    """Means and deviations from the sum of `moments` over `rows` rows; a number that varies nowhere has deviation 1."""
    middle, half = _scales(features)
    there, first, second = total.reshape(3, -1)
    known = np.maximum(there, 1.0)
    mean = first / known
    spread = np.sqrt(np.maximum(second / known - mean**2, 0.0))
    share = there / max(rows, 1.0)
    marked = (share > RARE) & (share < 1 - RARE)
    return Standard(middle + half * mean, half * np.where(spread > 1e-6, spread, 1.0), marked)


def _scales(features: Sequence[Feature]) -> tuple[Float[np.ndarray, " numbers"], Float[np.ndarray, " numbers"]]:
    """Middle and half width of the bounds of each number; 0 and 1 where it has none."""
    bounds = [
        (0.0, 1.0) if f.low is None or f.high is None else ((f.low + f.high) / 2, (f.high - f.low) / 2)
        for f in features
        if f.kind == "number"
    ]
    middle, half = np.array(bounds).reshape(-1, 2).T
    return middle, half
