"""How well probabilities tell people apart: AUROC, average precision, Brier, logarithmic score, at a threshold.

Each measure is prepared once for probabilities and outcomes, and then asked with weights per row; so a bootstrap of
people, whose weights are counts, sorts once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.trust.checking import both, pairs
from vitruvian.learn.trust.interval import Interval, proportion

Weighted = Callable[[Float[np.ndarray, " n"]], float]
Measure = Callable[[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]], Weighted]


def _ranked(
    p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Weights of events and of the others at each different probability, greatest first."""
    order = np.argsort(-p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=np.inf))
    yes = y[order].astype(float)

    def counted(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w = w[order]
        return np.add.reduceat(w * yes, starts), np.add.reduceat(w * (1.0 - yes), starts)

    return counted


def ranked_auroc(p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]) -> Weighted:
    """P(an event has the greater probability than a non-event), ties half (Mann–Whitney); NaN without both."""
    counted = _ranked(p, y)

    def auroc_at(w: np.ndarray) -> float:
        yes, no = counted(w)
        total = yes.sum() * no.sum()
        above = np.cumsum(yes) - 0.5 * yes
        return float(above @ no / total) if total > 0 else np.nan

    return auroc_at


def ranked_precision(p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]) -> Weighted:
    """Average precision: precision at each step of recall, not interpolated; NaN without events."""
    counted = _ranked(p, y)

    def precision_at(w: np.ndarray) -> float:
        yes, no = counted(w)
        hits, seen = np.cumsum(yes), np.cumsum(yes + no)
        return float((yes * hits / np.maximum(seen, 1e-300)).sum() / hits[-1]) if hits[-1] > 0 else np.nan

    return precision_at


def squared(p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]) -> Weighted:
    """Mean squared difference between probability and outcome (Brier G. Mon Weather Rev 1950;78:1)."""
    loss = (p - y) ** 2
    return lambda w: float(loss @ w / w.sum())


def logarithmic(p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]) -> Weighted:
    """Mean −log of the probability of what came true; infinite where that was held impossible."""
    with np.errstate(divide="ignore"):
        loss = -np.log(np.where(y, p, 1.0 - p))
    return lambda w: float(loss[w > 0] @ w[w > 0] / w.sum())


MEASURES: Mapping[str, Measure] = {
    "auroc": ranked_auroc, "average_precision": ranked_precision, "brier": squared, "log_loss": logarithmic,
}  # fmt: skip


def auroc(p: Float[np.ndarray, " n"], y: np.ndarray) -> float:
    """Area under the receiver operating characteristic. Raises DataError where only one outcome is there."""
    p, y = pairs(p, y)
    both(y)
    return ranked_auroc(p, y)(np.ones(len(p)))


def average_precision(p: Float[np.ndarray, " n"], y: np.ndarray) -> float:
    """Area under precision and recall, as steps. Raises DataError where only one outcome is there."""
    p, y = pairs(p, y)
    both(y)
    return ranked_precision(p, y)(np.ones(len(p)))


def brier(p: Float[np.ndarray, " n"], y: np.ndarray) -> float:
    """Brier score, 0 (best) to 1."""
    p, y = pairs(p, y)
    return squared(p, y)(np.ones(len(p)))


@dataclass(frozen=True)
class AtThreshold:
    """What follows if rows at or above a threshold are called: proportions with Wilson's 95 % intervals."""

    threshold: float
    called: int
    n: int
    sensitivity: Interval
    specificity: Interval
    ppv: Interval
    npv: Interval

    @property
    def worse(self) -> float:
        """The smaller of sensitivity and positive predictive value, the event score of PhysioNet 2012."""
        return min(self.sensitivity.value, self.ppv.value)


def at_threshold(p: Float[np.ndarray, " n"], y: np.ndarray, threshold: float) -> AtThreshold:
    """Sensitivity, specificity and predictive values; one of no rows is NaN over 0–1."""
    p, y = pairs(p, y)
    called = p >= threshold
    hit, miss = int((called & y).sum()), int((~called & y).sum())
    false, quiet = int((called & ~y).sum()), int((~called & ~y).sum())
    return AtThreshold(
        threshold, hit + false, len(p), proportion(hit, hit + miss), proportion(quiet, quiet + false),
        proportion(hit, hit + false), proportion(quiet, quiet + miss),
    )  # fmt: skip
