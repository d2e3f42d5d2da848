"""A quick judge of whether features know a label: ridge regression on ranks, cross-validated by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.learn import Rows
from vitruvian.learn.trust import auroc

PENALTY = 1.0
"""Of squared weights for each row, with columns of unit variance: strong, for columns may be many."""
_CONSTANT = 1e-9


def design(rows: Rows) -> Float[np.ndarray, "rows columns"]:
    """Columns of mean 0 and variance 1: ranks of values, a column for what is missing, one for each category."""
    columns: list[np.ndarray] = []
    for feature, x in zip(rows.features, rows.values.T, strict=True):
        missing = np.isnan(x)
        if feature.kind == "category":
            columns += [(x == place).astype(np.float64) for place in range(len(feature.categories) + 1)]
        else:
            columns.append(_ranks(x, missing))
        columns.append(missing.astype(np.float64))
    table = np.column_stack(columns)
    table = table[:, table.std(axis=0) > _CONSTANT]
    return (table - table.mean(axis=0)) / table.std(axis=0) if table.shape[1] else table


def _ranks(x: Float[np.ndarray, " n"], missing: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Mean ranks as shares of what is there; the middle where a value is missing."""
    found = np.full(len(x), 0.5)
    _, place, counts = np.unique(x[~missing], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found[~missing] = ((ends - (counts - 1) / 2) / max(1, len(place)))[place]
    return found


def folds_of(groups: Sequence[str], folds: int, seed: int) -> Int[np.ndarray, " rows"]:
    """Which fold each row is in: all rows of a group in one, groups drawn."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    drawn = np.random.default_rng(seed).permutation(int(group.max()) + 1 if len(group) else 0)
    return (drawn % folds)[group]


def held_out(
    table: Float[np.ndarray, "rows columns"], labels: Float[np.ndarray, "rows labels"], fold: Int[np.ndarray, " rows"]
) -> Float[np.ndarray, "rows labels"]:
    """The score of each row by a model of the other folds, for several labels at once."""
    scores = np.zeros_like(labels)
    if not table.shape[1]:
        return scores
    whole, right = table.T @ table, table.T @ labels
    for one in np.unique(fold):
        out = fold == one
        x, y = table[out], labels[out]
        centred = labels[~out].mean(axis=0)
        left = whole - x.T @ x + PENALTY * len(table) * np.eye(table.shape[1])
        weights = np.linalg.solve(left, right - x.T @ y - table[~out].sum(axis=0)[:, None] * centred)
        scores[out] = x @ weights
    return scores


def told(scores: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """AUROC of scores on any scale."""
    return auroc(_ranks(scores, np.zeros(len(scores), bool)), y)
