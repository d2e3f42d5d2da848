"""One visit of a course: what is measured, what happens and who comes, given what went before.

The normal scores of what is measured follow a linear model with normal scatter of the covariance that was left over
among real people; presence, events and gaps follow logistic models, gaps with the correlation that was left over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import UnsupportedError
from vitruvian.learn.generate.baseline import between, correlated
from vitruvian.learn.generate.marginal import Marginal, marginal
from vitruvian.learn.shapes import Feature

_RIDGE = 10.0
_LEAST = 50


@dataclass(frozen=True)
class Before:
    """What a visit depends on: baseline scores; of the visit before scores, what was measured and what happened; the
    events so far; who came to it."""

    first: Float[np.ndarray, "people columns"]
    scores: Float[np.ndarray, "people features"]
    had: Bool[np.ndarray, "people features"]
    last: Bool[np.ndarray, "people events"]
    so_far: Bool[np.ndarray, "people events"]
    there: Bool[np.ndarray, " people"]
    number: int = 0

    @property
    def inputs(self) -> Float[np.ndarray, "people inputs"]:
        """One, the baseline, and after the first visit all else."""
        more = [self.scores, self.had, self.last, self.so_far] if self.number else []
        return np.concatenate([np.ones((len(self.first), 1)), self.first, *more], axis=1)

    def then(self, scores: np.ndarray, had: np.ndarray, happened: np.ndarray, there: np.ndarray) -> Before:
        """What the next visit depends on."""
        return Before(self.first, scores, had, happened, self.so_far | happened, there, self.number + 1)


@dataclass(frozen=True)
class Visit:
    """Weights of the linear and of the logistic models (log-odds), and what they leave over."""

    marginals: tuple[Marginal | None, ...]
    weights: Float[np.ndarray, "inputs features"]
    covariance: Float[np.ndarray, "features features"]
    comes: Float[np.ndarray, " inputs"]
    events: Float[np.ndarray, "more events"]
    known: Float[np.ndarray, "more features"]
    together: Float[np.ndarray, "features features"]

    def scores(self, values: Float[np.ndarray, "people features"], drawn: np.random.Generator) -> np.ndarray:
        """Normal scores of values; NaN where not measured, or where hardly anybody had one."""
        n = len(values)
        found = [
            np.full(n, np.nan) if m is None else m.to_scores(values[:, j], drawn) for j, m in enumerate(self.marginals)
        ]
        return np.stack(found, axis=1)

    def values(self, scores: Float[np.ndarray, "people features"], drawn: np.random.Generator) -> np.ndarray:
        """Values of normal scores."""
        n = len(scores)
        found = [
            np.full(n, np.nan) if m is None else m.to_values(scores[:, j], drawn) for j, m in enumerate(self.marginals)
        ]
        return np.stack(found, axis=1)

    def made(self, before: Before, drawn: np.random.Generator) -> tuple[np.ndarray, Before]:
        """Made-up values (NaN: not measured), and what the next visit depends on."""
        from scipy.special import ndtr

        x, n = before.inputs, len(before.first)
        there = before.there & (drawn.random(n) < chance(x @ self.comes))
        scores = x @ self.weights + _scatter(self.covariance, n, drawn)
        odds = chance(np.concatenate([x, scores], axis=1) @ self.events)
        happened = there[:, None] & (drawn.random(odds.shape) < odds)
        odds = chance(np.concatenate([x, happened], axis=1) @ self.known)
        had = there[:, None] & (ndtr(_scatter(self.together, n, drawn)) < odds)
        return np.where(had, self.values(scores, drawn), np.nan), before.then(scores, had, happened, there)


def fit_visit(
    features: tuple[Feature, ...], values: np.ndarray, happened: np.ndarray, there: np.ndarray, before: Before,
    drawn: np.random.Generator,
) -> tuple[Visit, Before]:  # fmt: skip
    """Learn one visit of real people; also what their next one depends on."""
    x = before.inputs
    marginals = tuple(marginal(f, v) for f, v in zip(features, values[there].T, strict=True))
    nothing = np.zeros((0, 0))
    seen = Visit(marginals, nothing, nothing, nothing, nothing, nothing, nothing).scores(values, drawn)
    weights, covariance = _linear(x, seen, there)
    scores, had = np.where(np.isfinite(seen), seen, x @ weights), np.isfinite(values)
    events = _logistic(np.concatenate([x, scores], axis=1)[there], happened[there])
    with_events = np.concatenate([x, happened], axis=1)[there]
    known = _logistic(with_events, had[there])
    together = _together(chance(with_events @ known), had[there], drawn)
    comes = _logistic(x[before.there], there[before.there][:, None])[:, 0]
    visit = Visit(marginals, weights, covariance, comes, events, known, together)
    return visit, before.then(scores, had, happened, there)


def chance(margin: np.ndarray) -> np.ndarray:
    """Of log-odds."""
    from scipy.special import expit

    return np.asarray(expit(margin))


def _scatter(covariance: np.ndarray, n: int, drawn: np.random.Generator) -> np.ndarray:
    return drawn.multivariate_normal(np.zeros(len(covariance)), covariance, n, method="eigh")


def _linear(x: np.ndarray, seen: np.ndarray, here: Bool[np.ndarray, " people"]) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression of each feature where it was measured, and the covariance of what it leaves over."""
    weights, left = np.zeros((x.shape[1], seen.shape[1])), np.full(seen.shape, np.nan)
    penalty = _RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    for j in range(seen.shape[1]):
        of = here & np.isfinite(seen[:, j])
        if of.any():
            weights[:, j] = np.linalg.solve(x[of].T @ x[of] + penalty, x[of].T @ seen[of, j])
            left[of, j] = seen[of, j] - x[of] @ weights[:, j]
    known = np.isfinite(left)
    filled, both = np.where(known, left, 0.0), known.T.astype(float) @ known
    covariance = np.where(both >= _LEAST, filled.T @ filled / np.maximum(both, 1.0), 0.0)
    value, vector = np.linalg.eigh(covariance)
    return weights, (vector * np.maximum(value, 1e-6)) @ vector.T


def _together(
    chance: Float[np.ndarray, "people features"], known: Bool[np.ndarray, "people features"], drawn: np.random.Generator
) -> Float[np.ndarray, "features features"]:
    """How being measured goes together beyond its chances."""
    from scipy.special import ndtri

    part = drawn.random(chance.shape)
    part = np.where(known, chance * part, chance + (1 - chance) * part)
    mean = np.clip(chance.mean(0), 1e-6, 1 - 1e-6)
    told = np.array([between(np.array([one, 1 - one])) for one in mean])
    return correlated(ndtri(np.clip(part, 1e-6, 1 - 1e-6)), told)


def _logistic(x: np.ndarray, came: Bool[np.ndarray, "people columns"]) -> Float[np.ndarray, "inputs columns"]:
    """Weights of log-odds; what always or never comes stays so."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise UnsupportedError("made-up courses need scikit-learn", todo="pip install vitruvian[learn]") from error
    weights = np.zeros((x.shape[1], came.shape[1]))
    for j, one in enumerate(came.T):
        if one.all() or not one.any():
            weights[0, j] = 30.0 if one.all() else -30.0
        else:
            found = LogisticRegression(C=0.3, max_iter=500).fit(x[:, 1:], one)
            weights[:, j] = np.concatenate([found.intercept_, found.coef_[0]])
    return weights
