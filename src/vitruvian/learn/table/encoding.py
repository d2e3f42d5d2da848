"""Features as columns of numbers: few categories as indicators, many by how often the event followed, smoothed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.learn.shapes import Feature, Rows

FEW = 8
"""Up to so many categories have an indicator each."""
_PRIOR = 40.0
"""Rows at the rate of all that each category is given besides its own."""
_PARTS = 5


@dataclass(frozen=True)
class Encoding:
    """Column k tells of feature `owner[k]`: its value as it is, or `tables[k]` of its category; NaN stays missing.

    A category that is not in the table is missing too.
    """

    features: int
    owner: Int[np.ndarray, " columns"]
    tables: tuple[Float[np.ndarray, " categories"], ...]
    """Empty for a number."""

    def __call__(self, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows columns"]:
        """Columns of each row."""
        if all(len(one) == 0 for one in self.tables):
            return values
        found = np.empty((len(self.owner), len(values)))
        for k, (owner, table) in enumerate(zip(self.owner, self.tables, strict=True)):
            found[k] = _looked_up(table, values[:, owner]) if len(table) else values[:, owner]
        return found.T

    def folded(self, moved: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows features"]:
        """What columns moved, added up by feature."""
        if len(self.owner) == self.features:
            return moved
        found = np.zeros((self.features, len(moved)))
        for k, owner in enumerate(self.owner):
            found[owner] += moved[:, k]
        return found.T

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name; `encoding_of` reads them."""
        sizes = np.array([len(one) for one in self.tables], np.int64)
        return {"features": np.array(self.features), "owner": self.owner, "sizes": sizes,
                "tables": np.concatenate([np.zeros(0), *self.tables])}  # fmt: skip


def encoding_of(arrays: Mapping[str, np.ndarray]) -> Encoding:
    """The encoding that `to_arrays` told of."""
    tables = np.split(arrays["tables"], np.cumsum(arrays["sizes"])[:-1])
    return Encoding(int(arrays["features"]), arrays["owner"], tuple(tables))


def fit_encoding(
    rows: Rows, label: Bool[np.ndarray, " rows"], group: Sequence[str] | None, seed: int
) -> tuple[Encoding, Float[np.ndarray, "rows columns"]]:
    """The encoding, and the columns of the rows that it was fitted on.

    There the rate of a category comes from other people than the row's own (`group` says whose a row is), or the rows
    would be told their own label.
    """
    plan = [(j, k) for j, one in enumerate(rows.features) for k in _columns(one)]
    everywhere = np.ones(len(rows), bool)
    tables = tuple(_table(rows, j, k, label, everywhere) for j, k in plan)
    encoding = Encoding(len(rows.features), np.array([j for j, _ in plan], np.int64), tables)
    told = encoding(rows.values)
    rated = [(c, j) for c, (j, k) in enumerate(plan) if k == _RATED]
    if not rated:
        return encoding, told
    part = _parts(len(rows), group, seed)
    for c, j in rated:
        for one in range(_PARTS):
            table = _table(rows, j, _RATED, label, part != one)
            told[part == one, c] = _looked_up(table, rows.values[part == one, j])
    return encoding, told


_PLAIN, _RATED = -1, -2


def _columns(feature: Feature) -> tuple[int, ...]:
    """Which columns tell of a feature: plain, the place of a category, or its rate."""
    if feature.kind == "number":
        return (_PLAIN,)
    many = len(feature.categories)
    return (_RATED,) if many > FEW else (1,) if many == 2 else tuple(range(many))


def _table(rows: Rows, j: int, k: int, label: np.ndarray, which: Bool[np.ndarray, " rows"]) -> np.ndarray:
    many = len(rows.features[j].categories)
    if k == _PLAIN:
        return np.zeros(0)
    if k != _RATED:
        return (np.arange(many) == k).astype(np.float64)
    values = rows.values[:, j]
    there = which & (values >= 0) & (values < many)
    place = values[there].astype(np.int64)
    rate = (label[which].sum() + 0.5) / (which.sum() + 1.0)
    share = (np.bincount(place, label[there], many) + _PRIOR * rate) / (np.bincount(place, minlength=many) + _PRIOR)
    return np.log(share / (1.0 - share))


def _looked_up(table: Float[np.ndarray, " categories"], values: Float[np.ndarray, " rows"]) -> np.ndarray:
    known = (values >= 0) & (values < len(table))
    return np.where(known, table[np.where(known, values, 0).astype(np.int64)], np.nan)


def _parts(n: int, group: Sequence[str] | None, seed: int) -> Int[np.ndarray, " rows"]:
    """A part for each row; rows of one person are in one part."""
    person = np.arange(n) if group is None else np.unique(np.asarray(group), return_inverse=True)[1]
    return np.random.default_rng(seed).integers(_PARTS, size=int(person.max()) + 1)[person]
