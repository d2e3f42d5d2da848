"""The distribution of one feature among real people, as a way between its values and normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.learn.shapes import Feature

_KNOTS = 99
_LEAST_EACH = 10
"""People behind each knot at least: no single person's value is a knot, the ends too are means of so many."""


@dataclass(frozen=True)
class Marginal:
    """A number by the means of its people in order (`knots` at `scores`), a category by shares. `missing`: of all."""

    feature: Feature
    knots: Float[np.ndarray, " knots"]
    scores: Float[np.ndarray, " knots"]
    places: Float[np.ndarray, " places"]
    """Shares of values that are written with 0, 1, … decimals, at most six."""
    missing: float

    def to_scores(self, value: Float[np.ndarray, " rows"], drawn: np.random.Generator) -> Float[np.ndarray, " rows"]:
        """Normal scores of values; NaN stays. A value that many share is spread over their ranks."""
        from scipy.special import ndtri

        if self.feature.kind == "category":
            upper = np.cumsum(self.knots)
            index = np.where(np.isfinite(value), value, 0).astype(int)
            part = upper[index] - self.knots[index] * drawn.random(len(value))
            return np.where(np.isfinite(value), ndtri(np.clip(part, 1e-6, 1 - 1e-6)), np.nan)
        usual = int(np.searchsorted(np.cumsum(self.places), 0.5))
        spread = 10.0**-usual * (drawn.random(len(value)) - 0.5)
        return np.interp(value + spread, self.knots, self.scores)

    def to_values(self, score: Float[np.ndarray, " rows"], drawn: np.random.Generator) -> Float[np.ndarray, " rows"]:
        """Values of normal scores, as finely rounded as the real ones, never further out than those."""
        from scipy.special import ndtr

        if self.feature.kind == "category":
            found = np.searchsorted(np.cumsum(self.knots)[:-1], ndtr(score), side="right").astype(float)
            return np.where(np.isfinite(score), found, np.nan)
        fine = 10.0 ** drawn.choice(len(self.places), len(score), p=self.places)
        made = np.round(np.interp(score, self.scores, self.knots) * fine) / fine
        return np.asarray(np.clip(made, self.knots[0], self.knots[-1]))


def marginal(feature: Feature, value: Float[np.ndarray, " rows"]) -> Marginal | None:
    """Of the values of one feature; None where fewer than ten people have one."""
    from scipy.special import ndtri

    known = value[np.isfinite(value)]
    missing = 1.0 - len(known) / max(len(value), 1)
    if len(known) < _LEAST_EACH:
        return None
    if feature.kind == "category":
        shares = np.bincount(known.astype(int), minlength=len(feature.categories)) / len(known)
        return Marginal(feature, shares, np.zeros(len(shares)), np.ones(1), missing)
    groups = np.array_split(np.sort(known), max(2, min(_KNOTS, len(known) // _LEAST_EACH)))
    knots = np.array([one.mean() for one in groups])
    ends = np.cumsum([len(one) for one in groups]) / len(known)
    middle = ndtri(ends - np.diff(ends, prepend=0.0) / 2)
    rising = knots + 1e-13 * (np.abs(knots).max() + 1.0) * np.arange(len(knots))  # interpolation wants it
    return Marginal(feature, rising, middle, _places(known), missing)


def _places(known: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " places"]:
    fits = np.stack([np.abs(known - np.round(known, places)) < 1e-9 for places in range(6)] + [known == known])
    return np.bincount(fits.argmax(0), minlength=7) / len(known)
