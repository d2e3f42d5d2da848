"""Are today's people still those the model was made for? Each input against the reference, and all of them together.

Population stability index: without drift PSI·nm/(n+m) is about chi-squared with (parts − 1) degrees of freedom
(Yurdakul B. PhD thesis, Western Michigan University, 2018), so its limit depends on n, not on a rule of thumb.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.shapes import Feature, Rows
from vitruvian.learn.trust.several import holm

PARTS = 10
LEAST = 30
"""Rows of either side below which nothing is asked."""


@dataclass(frozen=True)
class FeatureDrift:
    """One input: PSI with the limit it passes by chance once in twenty times, change of what is missing, p-values.

    `distance`: largest gap between the distribution functions (Kolmogorov–Smirnov); of a category half the sum of gaps.
    `p`: the smaller of distribution and missingness, doubled, then by Holm over all inputs.
    """

    name: str
    n: tuple[int, int]
    missing: tuple[float, float]
    psi: float
    psi_by_chance: float
    distance: float
    p: float

    @property
    def drifted(self) -> bool:
        """Adjusted p below 0.05."""
        return self.p < 0.05


@dataclass(frozen=True)
class Drift:
    """All inputs, those that drifted most first; `together`: p of the joint test, None for other than full numbers."""

    n: tuple[int, int]
    inputs: tuple[FeatureDrift, ...]
    together: float | None

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of inputs that drifted beyond chance."""
        return tuple(one.name for one in self.inputs if one.drifted)


def drift(reference: Rows, current: Rows, *, seed: int = 0, permutations: int = 200) -> Drift:
    """Compare rows of today with those of the reference.

    Raises DataError where their features differ or either side has fewer than `LEAST` rows.
    """
    if reference.features != current.features:
        raise DataError(
            "the features differ from those of the reference", got=_names(current), allowed=_names(reference)
        )
    if min(len(reference), len(current)) < LEAST:
        raise DataError("too few rows to tell drift from chance", got=f"{len(reference)} and {len(current)}",
                        allowed=f"{LEAST} or more of each")  # fmt: skip
    columns = enumerate(reference.features)
    found = [_one(one, reference.values[:, j], current.values[:, j]) for j, one in columns]
    adjusted = holm(np.array([one.p for one in found]))
    found = [replace(one, p=float(p)) for one, p in zip(found, adjusted, strict=True)]
    return Drift(
        (len(reference), len(current)), tuple(sorted(found, key=lambda one: (one.p, -one.psi))),
        together(reference.values, current.values, seed=seed, permutations=permutations),
    )  # fmt: skip


def together(
    one: Float[np.ndarray, "n k"], other: Float[np.ndarray, "m k"], *, seed: int = 0, permutations: int = 200,
    most: int = 500, waves: int = 128,
) -> float | None:  # fmt: skip
    """p-value of the maximum mean discrepancy by permutation (Gretton A et al. JMLR 2012;13:723).

    On at most `most` rows a side, standardised, missing at the mean, Gaussian kernel at the median distance by random
    waves (Rahimi A, Recht B. NIPS 2007). None where no column varies.
    """
    if permutations < 20:
        raise InputError("permutations", got=permutations, allowed="20 or more")
    rng = np.random.default_rng(seed)
    a, b = (x[np.sort(rng.permutation(len(x))[:most])] for x in (one, other))
    both = np.concatenate([a, b])
    there = np.isfinite(both)
    count = np.maximum(there.sum(0), 1)
    mean = np.where(there, both, 0.0).sum(0) / count
    deviation = np.where(there, both - mean, 0.0)
    scale = np.sqrt((deviation**2).sum(0) / count)
    if not (scale > 0).any():
        return None
    z = deviation[:, scale > 0] / scale[scale > 0]
    pairs = rng.integers(len(z), size=(2, 1000))
    width = float(np.median(np.linalg.norm(z[pairs[0]] - z[pairs[1]], axis=1))) or 1.0
    angles = z @ rng.normal(0.0, 1.0 / width, (z.shape[1], waves))
    features = np.concatenate([np.cos(angles), np.sin(angles)], 1)
    chosen = np.zeros((permutations + 1, len(z)))
    chosen[0, : len(a)] = 1.0
    for row in chosen[1:]:
        row[rng.permutation(len(z))[: len(a)]] = 1.0
    first = chosen @ features
    apart = ((first / len(a) - (features.sum(0) - first) / len(b)) ** 2).sum(1)
    return float((apart >= apart[0]).sum() / (permutations + 1))


def _one(feature: Feature, reference: np.ndarray, current: np.ndarray) -> FeatureDrift:
    a, b = reference[np.isfinite(reference)], current[np.isfinite(current)]
    n, m = len(reference), len(current)
    missing = 1.0 - len(a) / n, 1.0 - len(b) / m
    p_missing = _table_p(np.array([[len(a), n - len(a)], [len(b), m - len(b)]]))
    counts = _counted(feature, reference, current)
    psi, limit = _psi(counts)
    distance, p = _apart(feature, a, b)
    return FeatureDrift(feature.name, (n, m), missing, psi, limit, distance, min(1.0, 2.0 * min(p, p_missing)))


def _counted(feature: Feature, reference: np.ndarray, current: np.ndarray) -> Float[np.ndarray, "2 parts"]:
    """How many of each side lie in each part of the reference; what is missing is a part of its own."""
    if feature.kind == "category":
        edges = np.arange(1, len(feature.categories)) - 0.5
    else:
        there = reference[np.isfinite(reference)]
        edges = np.unique(np.quantile(there, np.linspace(0, 1, PARTS + 1)[1:-1])) if len(there) else np.zeros(0)
    k = len(edges) + 2
    places = [np.where(np.isfinite(x), np.searchsorted(edges, x, side="left"), k - 1) for x in (reference, current)]
    counts = np.stack([np.bincount(place, minlength=k) for place in places]).astype(float)
    return counts[:, counts.sum(0) > 0]


def _psi(counts: Float[np.ndarray, "2 parts"]) -> tuple[float, float]:
    """PSI (half a row is added to every part, so that it is finite), and what chance alone exceeds in 5 %."""
    from scipy.stats import chi2

    n, m = counts.sum(1)
    a, b = (counts + 0.5) / (counts + 0.5).sum(1, keepdims=True)
    freedom = counts.shape[1] - 1
    limit = float(chi2.ppf(0.95, freedom)) * (1 / n + 1 / m) if freedom else 0.0
    return float(((a - b) * np.log(a / b)).sum()), limit


def _apart(feature: Feature, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Distance of two samples and its p-value; nothing to compare is no drift."""
    from scipy.stats import ks_2samp

    if not len(a) or not len(b):
        return 0.0, 1.0
    if feature.kind == "number":
        found = ks_2samp(a, b, method="asymp")
        return float(found.statistic), float(found.pvalue)
    k = len(feature.categories)
    counts = np.stack([np.bincount(np.clip(x.astype(int), 0, k), minlength=k + 1) for x in (a, b)])
    gaps = np.abs(counts[0] / len(a) - counts[1] / len(b))
    return float(gaps.sum() / 2), _table_p(counts)


def _table_p(counts: np.ndarray) -> float:
    """Pearson's chi-squared of a table of two rows; 1 where all fall into one column."""
    from scipy.stats import chi2_contingency

    counts = counts[:, counts.sum(0) > 0]
    return float(chi2_contingency(counts, correction=False).pvalue) if counts.shape[1] > 1 else 1.0


def _names(rows: Rows) -> str:
    return ", ".join(one.name for one in rows.features)
