"""People made up so that their baseline table is like that of real ones: a Gaussian copula with categories and gaps.

Source: Nelsen RB. An Introduction to Copulas. Springer 2006. What is missing together stays missing together: whether a
value is there is a column of the copula, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.generate.marginal import Marginal, marginal
from vitruvian.learn.shapes import Feature, Rows

_LEAST = 50
_SHRINK, _MOST = 0.02, 0.97


@dataclass(frozen=True)
class BaselineGenerator:
    """Marginals of the features, and the correlations of their scores and of what is missing."""

    features: tuple[Feature, ...]
    marginals: tuple[Marginal | None, ...]
    gaps: tuple[int, ...]
    """Features of which some are missing: each has a column of its own, after those of the values."""
    correlation: Float[np.ndarray, "columns columns"]

    def drawn(self, people: int, seed: int, given: Mapping[str, float] | None = None) -> Rows:
        """So many made-up people; `given` fixes features (a number, or the index of a category) for all of them.

        Raises InputError for a feature that is not there, or a value that no real person is near.
        """
        drawn = np.random.default_rng(seed)
        fixed, values = self._fixed(given or {}, people, drawn)
        scores = conditional(self.correlation, fixed, values, people, drawn)
        return Rows(self.features, self.values_of(scores, drawn))

    def values_of(
        self, scores: Float[np.ndarray, "people columns"], drawn: np.random.Generator
    ) -> Float[np.ndarray, "people features"]:
        """Features of scores; missing where the score of the gap says so."""
        from scipy.special import ndtri

        n = len(scores)
        found = [
            np.full(n, np.nan) if m is None else m.to_values(scores[:, k], drawn) for k, m in enumerate(self.marginals)
        ]
        for place, k in enumerate(self.gaps):
            of = self.marginals[k]
            assert of is not None
            found[k] = np.where(scores[:, len(self.features) + place] < ndtri(of.missing), np.nan, found[k])
        return np.stack(found, axis=1)

    def _fixed(
        self, given: Mapping[str, float], people: int, drawn: np.random.Generator
    ) -> tuple[list[int], np.ndarray]:
        names = [one.name for one in self.features]
        columns, values = [], []
        for name, value in given.items():
            if name not in names or (of := self.marginals[names.index(name)]) is None:
                raise InputError("no such feature to fix", got=name, allowed=", ".join(names))
            k, number = names.index(name), of.feature.kind == "number"
            low, high = (of.knots[0], of.knots[-1]) if number else (0, len(of.knots) - 1)
            if not low <= value <= high:
                raise InputError(f"{name} that no real person is near", got=value, allowed=f"{low:g} to {high:g}")
            columns.append(k)
            values.append(of.to_scores(np.full(people, float(value)), drawn))
            if k in self.gaps:  # who has a value has one
                columns.append(len(names) + self.gaps.index(k))
                values.append(np.full(people, 3.0))
        return columns, np.stack(values, axis=1) if values else np.zeros((people, 0))


def fit_baseline(rows: Rows, seed: int = 0) -> BaselineGenerator:
    """Learn a generator from real people (50 at least). Raises DataError for fewer."""
    if len(rows) < _LEAST:
        raise DataError("too few people to learn from", got=len(rows), allowed=f"{_LEAST} or more")
    drawn = np.random.default_rng(seed)
    marginals = tuple(marginal(f, v) for f, v in zip(rows.features, rows.values.T, strict=True))
    gaps = tuple(k for k, one in enumerate(marginals) if one is not None and one.missing > 0)
    scores = scores_of(marginals, gaps, rows.values, drawn)
    return BaselineGenerator(rows.features, marginals, gaps, correlated(scores, _told(marginals, gaps)))


def scores_of(
    marginals: tuple[Marginal | None, ...], gaps: tuple[int, ...], values: np.ndarray, drawn: np.random.Generator
) -> Float[np.ndarray, "rows columns"]:
    """Normal scores of values (NaN where missing), then of whether each of `gaps` is there."""
    from scipy.special import ndtri

    n = len(values)
    found = [np.full(n, np.nan) if m is None else m.to_scores(values[:, k], drawn) for k, m in enumerate(marginals)]
    for k in gaps:
        of = marginals[k]
        assert of is not None
        part = np.where(
            np.isfinite(values[:, k]), of.missing + (1 - of.missing) * drawn.random(n), of.missing * drawn.random(n)
        )
        found.append(ndtri(np.clip(part, 1e-6, 1 - 1e-6)))
    return np.stack(found, axis=1)


def _told(marginals: tuple[Marginal | None, ...], gaps: tuple[int, ...]) -> Float[np.ndarray, " columns"]:
    """How much of the variance of each column's score is known: all of a number's; of a category, whose score is drawn
    within the ranks of its value, what lies between values."""
    found = [1.0 if m is None or m.feature.kind == "number" else between(m.knots) for m in marginals]
    for k in gaps:
        of = marginals[k]
        assert of is not None
        found.append(between(np.array([of.missing, 1.0 - of.missing])))
    return np.array(found)


def between(shares: Float[np.ndarray, " values"]) -> float:
    """The variance of normal scores that lies between categories of these shares."""
    from scipy.stats import norm

    height = norm.pdf(norm.ppf(np.append(0.0, np.cumsum(shares))))
    some = shares > 0
    return float((np.diff(height)[some] ** 2 / shares[some]).sum())


def correlated(
    scores: Float[np.ndarray, "rows columns"], told: Float[np.ndarray, " columns"]
) -> Float[np.ndarray, "columns columns"]:
    """Correlation of what is known of each two columns, drawn a little to none so that it is one.

    What drawing within ranks took from a category's correlations is given back (`told`).
    """
    known = np.isfinite(scores)
    filled = np.where(known, scores, 0.0)
    both = known.T.astype(float) @ known
    found = (filled.T @ filled) / np.maximum(both, 1.0)
    scale = np.sqrt(np.maximum(np.diag(found), 1e-12))
    found = np.where(both >= _LEAST, found / np.outer(scale, scale), 0.0)
    found = np.clip(found / np.maximum(np.outer(told, told), 0.05), -_MOST, _MOST)
    np.fill_diagonal(found, 1.0)
    value, vector = np.linalg.eigh(0.5 * (found + found.T))
    found = (vector * np.maximum(value, 1e-3)) @ vector.T
    scale = np.sqrt(np.diag(found))
    found = (1 - _SHRINK) * found / np.outer(scale, scale)
    np.fill_diagonal(found, 1.0)
    return found


def conditional(
    correlation: np.ndarray, given: list[int], values: np.ndarray, people: int, drawn: np.random.Generator
) -> Float[np.ndarray, "people columns"]:
    """Normal scores with this correlation, some columns having these values."""
    fixed = np.array(given, int)
    free = np.setdiff1d(np.arange(len(correlation)), fixed)
    weights = np.linalg.solve(correlation[np.ix_(fixed, fixed)], correlation[np.ix_(fixed, free)])
    left = correlation[np.ix_(free, free)] - correlation[np.ix_(free, fixed)] @ weights
    found = np.empty((people, len(correlation)))
    found[:, fixed] = values
    found[:, free] = values @ weights + drawn.normal(size=(people, len(free))) @ np.linalg.cholesky(left).T
    return found
