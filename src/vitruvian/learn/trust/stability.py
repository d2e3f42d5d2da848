"""Would the explanation be another, had the model been trained on other people, or the values been a little other?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.learn.shapes import Contributions, Rows


@dataclass(frozen=True)
class Stability:
    """How alike explanations of the same rows are: 1 is the same.

    `rank`: mean Spearman correlation of contributions within a row, over pairs of explanations; `low`: its lowest
    twentieth of rows. `top`: mean share of the `k` greatest features two explanations have in common. `sign`: mean
    share of those features that push the same way.
    """

    explanations: int
    rows: int
    rank: float
    low: float
    top: float
    sign: float
    k: int


def stability(explained: Sequence[Contributions], k: int = 5) -> Stability:
    """Compare explanations of the same rows, by models trained on bootstrap samples or of rows with noise.

    Raises DataError for fewer than two, or explanations of different features or rows.
    """
    if len(explained) < 2 or len({one.values.shape for one in explained}) > 1:
        raise DataError("explanations to compare", got=[one.values.shape for one in explained],
                        allowed="two or more of the same rows and features")  # fmt: skip
    if len({one.features for one in explained}) > 1:
        raise DataError("explanations of different features cannot be compared")
    values = np.stack([one.values for one in explained])
    k = min(k, values.shape[2])
    ranks, tops, signs = [], [], []
    for a, b in combinations(values, 2):
        ranks.append(_spearman(a, b))
        top, sign = _shared(a, b, k)
        tops.append(top)
        signs.append(sign)
    by_row = np.mean(ranks, 0)
    return Stability(len(values), values.shape[1], float(by_row.mean()), float(np.quantile(by_row, 0.05)),
                     float(np.mean(tops)), float(np.mean(signs)), k)  # fmt: skip


def shaken(
    explain: Callable[[Rows], Contributions], rows: Rows, *, share: float = 0.05, repeats: int = 5, seed: int = 0
) -> list[Contributions]:
    """Explanations of rows, and of the same with noise of a share of each number's SD; categories and gaps stay.

    Values stay within the bounds of their feature.
    """
    rng = np.random.default_rng(seed)
    number = np.array([one.kind == "number" for one in rows.features])
    low = np.array([-np.inf if one.low is None else one.low for one in rows.features])
    high = np.array([np.inf if one.high is None else one.high for one in rows.features])
    there = np.isfinite(rows.values)
    count = np.maximum(there.sum(0), 1)
    mean = np.where(there, rows.values, 0.0).sum(0) / count
    scale = share * np.sqrt((np.where(there, rows.values - mean, 0.0) ** 2).sum(0) / count) * number
    found = [explain(rows)]
    for _ in range(repeats):
        moved = rows.values + rng.normal(size=rows.values.shape) * scale
        inside = np.where(rows.outside, rows.values, np.clip(moved, low, high))
        found.append(explain(replace(rows, values=np.where(number & there, inside, rows.values))))
    return found


def _spearman(a: Float[np.ndarray, "n f"], b: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
    """Rank correlation of each row; 1 where both are flat, 0 where one is."""
    from scipy.stats import rankdata

    x, z = (rankdata(one, axis=1) for one in (a, b))
    x, z = x - x.mean(1, keepdims=True), z - z.mean(1, keepdims=True)
    power = np.sqrt((x**2).sum(1) * (z**2).sum(1))
    flat = (x == 0).all(1) & (z == 0).all(1)
    return np.where(flat, 1.0, (x * z).sum(1) / np.where(power > 0, power, 1.0))


def _shared(a: np.ndarray, b: np.ndarray, k: int) -> tuple[float, float]:
    first, second = (np.argsort(-np.abs(one), axis=1, kind="stable")[:, :k] for one in (a, b))
    same = (first[:, :, None] == second[:, None, :]).any(2)
    way = np.take_along_axis(np.sign(a), first, 1) == np.take_along_axis(np.sign(b), first, 1)
    return float(same.mean()), float((same & way).sum() / max(same.sum(), 1))
