"""People as points: numbers brought to an even shape, then the directions in which people differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.learn.shapes import Rows

_MOST_MISSING, _FAR = 0.6, 4.0


@dataclass(frozen=True)
class Embedding:
    """Principal directions of standardised features; `left_out` are features too often missing, or the same for all."""

    rows: Rows
    left_out: tuple[str, ...]
    scores: Float[np.ndarray, "rows kept"]
    points: Float[np.ndarray, "rows directions"]
    explained: Float[np.ndarray, " directions"]
    """Share of the variance along each direction."""


def embedded(rows: Rows, share: float = 0.7, most: int = 12) -> Embedding:
    """Points of people in as many directions as explain a share of the variance: at least two, at most `most`.

    A number that is always above 0 is brought to an even shape first (Box GEP, Cox DR. J R Stat Soc B 1964;26:211), so
    that neither tails nor units matter; a missing value stands in the middle. Categories form no points; they describe.
    Raises DataError where fewer than two features are left.
    """
    columns, left_out = [], []
    for feature, value in zip(rows.features, rows.values.T, strict=True):
        known = np.isfinite(value)
        if known.mean() < 1 - _MOST_MISSING or len(np.unique(value[known])) < 2:
            left_out.append(feature.name)
        elif feature.kind == "number":
            columns.append(_even(value))
    if len(columns) < 2:
        raise DataError(
            "too few numbers tell people apart", got=len(columns),
            allowed=f"two or more, each known for {1 - _MOST_MISSING:.0%} of {len(rows)} rows",
        )  # fmt: skip
    scores = np.stack(columns, axis=1)
    u, s, _ = np.linalg.svd(scores, full_matrices=False)
    part = s**2 / (s**2).sum()
    directions = max(2, min(most, int(np.searchsorted(np.cumsum(part), share)) + 1))
    sign = np.sign(u[np.abs(u).argmax(0), np.arange(u.shape[1])])  # of no meaning, but the same on every machine
    return Embedding(rows, tuple(left_out), scores, (u * s * sign)[:, :directions], part[:directions])


def _even(value: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """Of mean 0 and SD 1, no further than `_FAR` SDs out."""
    from scipy.stats import boxcox

    known = np.isfinite(value)
    found = np.full(len(value), np.nan)
    skewed = value[known].min() > 0
    found[known] = boxcox(value[known] / np.median(value[known]))[0] if skewed else value[known]
    return np.nan_to_num(np.clip((found - np.nanmean(found)) / np.nanstd(found), -_FAR, _FAR))
