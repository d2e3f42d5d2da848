"""Boosted trees for tables with differential privacy: each tree asks one feature, and splits without looking at data.

After Nori, Caruana, Bu, Shen and Kulkarni 2021 (arXiv:2106.09680): only histograms of features and the sums in leaves
touch people, all with Gaussian noise; splits are random, features take turns. Trees of one feature add up to one curve,
so the model is its own explanation. No person counts more than one, however many rows they have. Bins lie between the
bounds that features declare, never between those of the data. A part of the people, chosen by coins, is kept apart for
the prediction sets: they pay for these alone and the others for the trees, so nobody pays twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit, logit

from vitruvian.core import DataError, InputError, Source
from vitruvian.learn.private.accounting import Mechanism, noise_for
from vitruvian.learn.private.people import Owners, at_least_two, owners
from vitruvian.learn.private.randomness import Coins, Randomness
from vitruvian.learn.private.sets import PrivateSets, private_sets
from vitruvian.learn.private.vectors import noised
from vitruvian.learn.shapes import Contributions, Feature, Learned, Manifest, Rows, Scores, Target
from vitruvian.learn.table import matched

_CELLS = 64  # of a number between its bounds, before they are joined to bins
_BASE, _BINS, _TREES = 0.02, 0.13, 0.85  # shares of the budget of those who train
_APART = 0.2  # of the people are kept for the prediction sets
_SHAKE = 0.2  # standard deviation of the noise in log-odds
_STEEPEST = 1.0  # log-odds that one tree may add
SOURCES = (Source("Nori et al. 2021, Accuracy, Interpretability, and Differential Privacy, arXiv:2106.09680"),)


@dataclass(frozen=True)
class Boosting:
    """How to boost: `rounds` trees of `leaves` leaves for each feature, `bins` of a number at most.

    `rows_each`: rows of a person that count in full. With 1 every person counts the same, and rates and coverage are
    those of a random row of a random person; with more, rather those of a random row, under more noise.
    `learning_rate`: None takes steps as large as the noise allows.
    """

    rounds: int = 30
    leaves: int = 3
    bins: int = 32
    rows_each: int = 1
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        if min(self.rounds, self.rows_each) < 1 or min(self.leaves, self.bins) < 2:
            raise InputError("settings of boosting", got=self, allowed="rounds, rows_each ≥ 1, leaves, bins ≥ 2")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 1:
            raise InputError("a learning rate", got=self.learning_rate, allowed="above 0, up to 1")

    def rate(self, noise: float, features: int, people: float, bend: float) -> float:
        """How much of each step is taken, so that noise moves nobody's log-odds by much more than `_SHAKE`."""
        if self.learning_rate is not None:
            return self.learning_rate
        whole = _SHAKE * people / self.leaves * bend / (noise * features / np.sqrt(_TREES))
        return float(np.clip(whole, 0.2, 3.0) / self.rounds)


@dataclass(frozen=True)
class PrivateTrees(Learned):
    """A sum of curves, one for each feature: `curves[k][c]` is what cell c of feature k adds to the log-odds.

    The last cell of a feature is for missing. `spent`: what any person paid; `seeded`: not for release.
    """

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    manifest: Manifest
    base: float
    curves: tuple[Float[np.ndarray, " cells"], ...]
    sets: PrivateSets
    spent: tuple[Mechanism, ...]
    seeded: bool
    sources: tuple[Source, ...] = SOURCES

    def predict(self, rows: Rows) -> Scores:
        """Probabilities and sets; a row outside the bounds is not answered."""
        rows = matched(self.features, rows)
        margin = self.base + _added(_cells(rows), self.curves).sum(1)
        probability = expit(margin)
        sets = self.sets.of(margin)
        outside = rows.outside.any(1)
        words = np.where(outside, "a value lies outside what the model knows", "")
        words = np.where(~outside & (sets.sum(1) != 1), "the events cannot be told apart", words)
        both = np.stack([1 - probability, probability], 1)
        return Scores(self.target, both, sets, words != "", tuple(words.tolist()), self.sets.level)

    def explain(self, rows: Rows) -> Contributions:
        """What each feature added: exactly the model."""
        rows = matched(self.features, rows)
        values, base = _added(_cells(rows), self.curves), np.full(len(rows), self.base)
        return Contributions(self.features, base, values, base + values.sum(1))


def fit_private_trees(
    rows: Rows,
    label: Bool[np.ndarray, " rows"],
    people: Sequence[str] | np.ndarray,
    *,
    epsilon: float,
    delta: float,
    target: Target,
    name: str = "private_trees",
    boosting: Boosting = Boosting(),
    level: float = 0.9,
    manifest: Manifest = Manifest(),
    randomness: Randomness | None = None,
) -> PrivateTrees:
    """Learn `label` (True where the event happened) from rows whose people are `people`, at `epsilon` and `delta`.

    Raises `DataError` naming numbers without bounds, or where labels and people do not fit the rows.
    """
    label, whose = np.asarray(label, bool), owners(people)
    _demand(rows, label, whose)
    told = randomness or Randomness.secret()
    noise = noise_for(epsilon, delta)
    apart = told.coins("apart").chosen(len(whose), _APART)[whose.of_row]
    cells, weight = _cells(rows), whose.weight(boosting.rows_each)
    base, curves = _boosted(cells[~apart], label[~apart], weight[~apart], rows.features, boosting, noise, told)
    margin = base + _added(cells[apart], curves).sum(1)
    sets = private_sets(margin, label[apart], weight[apart], noise, level, told.coins("sets"))
    spent = (Mechanism("gaussian", noise),)
    title = f"{target.title}, with privacy"
    return PrivateTrees(name, title, "1", rows.features, target, manifest, base, curves, sets, spent, told.seeded)


def _boosted(
    cells: Int[np.ndarray, "rows features"],
    label: Bool[np.ndarray, " rows"],
    weight: Float[np.ndarray, " rows"],
    features: Sequence[Feature],
    boosting: Boosting,
    noise: float,
    told: Randomness,
) -> tuple[float, tuple[Float[np.ndarray, " cells"], ...]]:
    """Log-odds of nobody in particular, and a curve for each feature. One person's weights sum to one."""
    coins, luck = told.coins("trees"), np.random.default_rng(told.coins("splits").below(2**63))
    sizes, columns = [_size(one) for one in features], np.ascontiguousarray(cells.T)
    rate, people = _base_rate(weight, label, noise / np.sqrt(_BASE), coins)
    per_bin = noise * np.sqrt(len(features) / _BINS)
    per_tree = noise * np.sqrt(len(features) * boosting.rounds / _TREES)
    mass = [
        np.maximum(noised(np.bincount(column, weight, size), 1.0, per_bin, coins), 0.0)
        for column, size in zip(columns, sizes, strict=True)
    ]
    bins = [_joined(m, one, people / boosting.bins) for m, one in zip(mass, features, strict=True)]
    least = max(people / 200, 3 * per_bin)
    bend = rate * (1 - rate)
    taken = boosting.rate(noise, len(features), people, bend)
    curves, margin = [np.zeros(size) for size in sizes], np.full(len(label), float(logit(rate)))
    for _ in range(boosting.rounds):
        for k, column in enumerate(columns):
            leaf = _leaves(bins[k], features[k], boosting.leaves, luck)
            count = leaf.max() + 1
            wrong = weight * (label - expit(margin))
            sums = noised(np.bincount(leaf[column], wrong, count), 1.0, per_tree, coins)
            heavy = np.maximum(np.bincount(leaf, mass[k], count), least)
            step = taken * np.clip(sums / heavy / bend, -_STEEPEST, _STEEPEST)
            curves[k] += step[leaf]
            margin += step[leaf][column]
    middle = [float(np.average(c, weights=m)) if m.sum() > 0 else 0.0 for c, m in zip(curves, mass, strict=True)]
    return float(logit(rate)) + sum(middle), tuple(c - m for c, m in zip(curves, middle, strict=True))


def _base_rate(
    weight: Float[np.ndarray, " rows"], label: Bool[np.ndarray, " rows"], noise: float, coins: Coins
) -> tuple[float, float]:
    """(share of people with the event, how many people), both noisy."""
    without, with_ = noised(np.bincount(label.astype(int), weight, 2), 1.0, noise, coins)
    people = max(float(without + with_), 2.0)
    return float(np.clip(with_ / people, 0.005, 0.995)), people


def _joined(mass: Float[np.ndarray, " cells"], feature: Feature, least: float) -> Int[np.ndarray, " cells"]:
    """The bin of each cell: neighbours of a number are joined until a bin holds `least` people; missing stays apart."""
    if feature.kind == "category":
        return np.arange(len(mass))
    found, held, at = np.zeros(len(mass), int), 0.0, 0
    for cell in range(len(mass) - 1):
        found[cell], held = at, held + mass[cell]
        if held >= least:
            at, held = at + 1, 0.0
    found[-1] = found[-2] + 1
    return found


def _leaves(
    bins: Int[np.ndarray, " cells"], feature: Feature, leaves: int, luck: np.random.Generator
) -> Int[np.ndarray, " cells"]:
    """The leaf of each cell, by cuts (of categories: by lots) that no data are looked at for."""
    inner = int(bins[-1])  # bins of values; the last is for missing
    if feature.kind == "category":
        leaf = luck.integers(0, leaves, inner)
    else:
        cuts = luck.choice(inner - 1, min(leaves - 1, inner - 1), replace=False) + 1
        leaf = np.isin(np.arange(inner), cuts).cumsum()
    _, leaf = np.unique(leaf, return_inverse=True)
    return np.append(leaf, leaf.max(initial=-1) + 1)[bins]


def _size(feature: Feature) -> int:
    return (len(feature.categories) if feature.kind == "category" else _CELLS) + 1


def _cells(rows: Rows) -> Int[np.ndarray, "rows features"]:
    """The cell of each value between the bounds that features declare; beyond them the outermost, missing the last."""
    found = np.empty(rows.values.shape, np.int64)
    for k, one in enumerate(rows.features):
        value, size = rows.values[:, k], _size(one) - 1
        low, high = (0.0, float(size)) if one.kind == "category" else (one.low or 0.0, one.high or 0.0)
        with np.errstate(invalid="ignore"):
            cell = np.clip(np.floor((value - low) / (high - low) * size), 0, size - 1)
        found[:, k] = np.where(np.isnan(value), size, cell)
    return found


def _added(
    cells: Int[np.ndarray, "rows features"], curves: Sequence[Float[np.ndarray, " cells"]]
) -> Float[np.ndarray, "rows features"]:
    return np.stack([curve[cells[:, k]] for k, curve in enumerate(curves)], 1)


def _demand(rows: Rows, label: Any, whose: Owners) -> None:
    at_least_two(whose)
    if not len(rows) == len(label) == len(whose.of_row):
        raise DataError("rows, labels and people differ in number", got=(len(rows), len(label), len(whose.of_row)))
    open_ = [one.name for one in rows.features if one.kind == "number" and (one.low is None or one.high is None)]
    if open_:
        raise DataError(
            "numbers without bounds", got=", ".join(open_), todo="Declare low and high; those of the data are a secret."
        )
