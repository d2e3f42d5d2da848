"""Subtypes of people: a mixture, or dense regions, with how stable each is when people are drawn anew.

Mixture: normal densities, their number by the Bayesian information criterion (Schwarz G. Ann Stat 1978;6:461), one
included: that there are no subtypes is an answer. Density: HDBSCAN (Campello RJGB et al. 2013); it leaves people out.
Stability: Jaccard's index of each subtype with its likest in bootstrap samples (Hennig C. Comput Stat Data Anal
2007;52:258, doi:10.1016/j.csda.2006.11.025: 0.75 and more is stable, 0.6 and less not to be trusted).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.learn.shapes import Feature, Rows
from vitruvian.learn.subtypes.embedding import Embedding, embedded
from vitruvian.learn.trust import Interval

STABLE, DOUBTFUL = 0.75, 0.6
_LEAST = 50
_STARTS, _STARTS_AGAIN = 8, 3
_SAID = 6
Method = Literal["mixture", "density"]


@dataclass(frozen=True)
class Mark:
    """How the people of a subtype differ in one feature: their mean, that of all others, difference in SDs."""

    feature: Feature
    inside: float
    outside: float
    difference: float


@dataclass(frozen=True)
class Subtype:
    """One subtype: how many, how stable (Jaccard's index, 5 % to 95 % of the bootstrap), what marks it most."""

    number: int
    people: int
    stability: Interval
    marks: tuple[Mark, ...]

    @property
    def verdict(self) -> str:
        """ "stable", "doubtful" or "not to be trusted"."""
        value = self.stability.value
        return "stable" if value >= STABLE else "doubtful" if value > DOUBTFUL else "not to be trusted"


@dataclass(frozen=True)
class Subtypes:
    """Which subtype (from 1; 0 is none of them) each row belongs to, and what is to be thought of them."""

    embedding: Embedding
    method: Method
    label: Int[np.ndarray, " rows"]
    certainty: Float[np.ndarray, " rows"]
    """Chance of that subtype (mixture), or strength of belonging to it (density)."""
    found: tuple[Subtype, ...]
    agreement: Interval
    """Adjusted Rand index of the whole with that of bootstrap samples."""
    criterion: Float[np.ndarray, " numbers"]
    """Bayesian information criterion of 1, 2, … subtypes (mixture alone); the smallest was chosen."""

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        n = len(self.label)
        if len(self.found) < 2:
            return f"No subtypes: the {n} people are described best as one group."
        sizes = ", ".join(f"{one.people} ({one.verdict})" for one in self.found)
        left = int((self.label == 0).sum())
        rest = f" {left} belong to none." if left else ""
        return f"{len(self.found)} subtypes of {n} people: {sizes}.{rest} Agreement on new samples {self.agreement}."


def subtypes_of(
    rows: Rows, *, method: Method = "mixture", number: int | None = None, most: int = 8, least: int | None = None,
    draws: int = 50, seed: int = 0,
) -> Subtypes:  # fmt: skip
    """Subtypes of people by their features. `number` fixes how many (mixture), `least` how small one may be (density).

    Raises DataError for fewer than 50 rows or features that tell nobody apart; UnsupportedError without scikit-learn.
    """
    if method not in ("mixture", "density"):
        raise InputError("no such method", got=method, allowed="mixture, density")
    if len(rows) < _LEAST:
        raise DataError("too few people for subtypes", got=len(rows), allowed=f"{_LEAST} or more")
    embedding = embedded(rows)
    points, criterion = embedding.points, np.zeros(0)
    if method == "mixture":
        criterion = (
            np.array([_mixture(points, k, seed, _STARTS).bic(points) for k in range(1, most + 1)])
            if not number
            else criterion
        )
        number = number or int(criterion.argmin()) + 1
    least = least or max(15, len(rows) // 50)
    label, certainty = _fitted(points, points, method, number or 0, least, seed)
    drawn = np.random.default_rng(seed)
    again = [_again(points, drawn.choice(len(rows), len(rows)), method, number or 0, least, seed) for _ in range(draws)]
    kinds = range(1, label.max() + 1)
    found = tuple(
        Subtype(
            k,
            int((label == k).sum()),
            _interval([_jaccard(label == k, one) for one in again]),
            _marks(rows, label == k),
        )
        for k in kinds
    )
    agreement = _interval([_rand(label, one) for one in again])
    return Subtypes(embedding, method, label, certainty, found, agreement, criterion)


def _again(points: np.ndarray, chosen: np.ndarray, method: Method, number: int, least: int, seed: int) -> np.ndarray:
    """Labels of all people by a model of those drawn; of dense regions, of those drawn alone (-1: not drawn)."""
    if method == "mixture":
        return _fitted(points[chosen], points, method, number, least, seed)[0]
    once = np.unique(chosen)
    label = np.full(len(points), -1)
    label[once] = _fitted(points[once], points[once], method, number, least, seed)[0]
    return label


def _fitted(
    train: np.ndarray, asked: np.ndarray, method: Method, number: int, least: int, seed: int
) -> tuple[Int[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Labels from 1 by falling size, and how certain."""
    if method == "mixture":
        chance = _mixture(train, number, seed, _STARTS if train is asked else _STARTS_AGAIN).predict_proba(asked)
        label, certainty = chance.argmax(1) + 1, chance.max(1)
    else:
        dense = _sklearn("cluster").HDBSCAN(min_cluster_size=least, copy=True).fit(asked)
        label, certainty = dense.labels_ + 1, dense.probabilities_
    sizes = np.bincount(label, minlength=label.max() + 1)[1:]
    place = np.zeros(len(sizes) + 1, int)
    place[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, len(sizes) + 1)
    return place[label], certainty


def _mixture(points: np.ndarray, number: int, seed: int, starts: int):  # type: ignore[no-untyped-def]
    made = _sklearn("mixture").GaussianMixture(number, n_init=starts, reg_covar=1e-3, random_state=seed)
    return made.fit(points)


def _sklearn(part: str):  # type: ignore[no-untyped-def]
    from importlib import import_module

    try:
        return import_module(f"sklearn.{part}")
    except ImportError as error:
        raise UnsupportedError("subtypes need scikit-learn", todo="pip install vitruvian[learn]") from error


def _jaccard(inside: np.ndarray, again: np.ndarray) -> float:
    """Of a subtype with the likest one of another sample, among people who are in both."""
    both = again >= 0
    found = [again == k for k in range(1, again.max() + 1)]
    if not found or not inside[both].any():
        return 0.0
    return max(float((inside & one)[both].sum() / (inside | one)[both].sum()) for one in found)


def _rand(label: np.ndarray, again: np.ndarray) -> float:
    both = again >= 0
    return float(_sklearn("metrics").adjusted_rand_score(label[both], again[both]))


def _interval(values: list[float]) -> Interval:
    low, high = np.quantile(values, [0.05, 0.95])
    return Interval(float(np.mean(values)), float(low), float(high), 0.9)


def _marks(rows: Rows, inside: np.ndarray) -> tuple[Mark, ...]:
    """The features in which the people of a subtype differ most from all others; of a category, the likeliest value."""
    found = []
    for k, feature in enumerate(rows.features):
        value = rows.values[:, k]
        known = np.isfinite(value)
        here, there = value[known & inside], value[known & ~inside]
        if len(here) < 2 or len(there) < 2 or value[known].std() == 0:
            continue
        if feature.kind == "category":
            shares = [((here == j).mean(), (there == j).mean()) for j in range(len(feature.categories))]
            j = int(np.argmax([abs(a - b) for a, b in shares]))
            spread = (value[known] == j).std()
            named = Feature(f"{feature.name}={feature.categories[j]}", f"{feature.title}: {feature.categories[j]}")
            found.append(
                Mark(named, float(shares[j][0]), float(shares[j][1]), float((shares[j][0] - shares[j][1]) / spread))
            )
        else:
            difference = float((here.mean() - there.mean()) / value[known].std())
            found.append(Mark(feature, float(here.mean()), float(there.mean()), difference))
    return tuple(sorted(found, key=lambda one: -abs(one.difference))[:_SAID])
