"""Calibration maps: from what a model says to a probability that comes true as often as it says; frozen once fitted.

Fit a map on people the model was not fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.learn.trust.checking import both, pairs
from vitruvian.learn.trust.logistic import logistic, logit, sigmoid


@dataclass(frozen=True)
class Platt:
    """logit(p) → intercept + slope · logit(p) (Platt J. Advances in Large Margin Classifiers 1999)."""

    intercept: float = 0.0
    slope: float = 1.0

    def __call__(self, p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Calibrated probabilities."""
        return sigmoid(self.intercept + self.slope * logit(p))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, read by `calibration_map`."""
        return {"kind": "platt", "intercept": self.intercept, "slope": self.slope}


@dataclass(frozen=True)
class Isotonic:
    """A rising curve through pooled neighbours (Ayer M et al. Ann Math Stat 1955;26:641), straight between them."""

    said: tuple[float, ...]
    comes_true: tuple[float, ...]

    def __call__(self, p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Calibrated probabilities; beyond the ends those of the ends."""
        return np.interp(p, self.said, self.comes_true)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, read by `calibration_map`."""
        return {"kind": "isotonic", "said": list(self.said), "comes_true": list(self.comes_true)}


Calibration = Platt | Isotonic


def platt(p: Float[np.ndarray, " n"], y: np.ndarray) -> Platt:
    """Two parameters, for which some hundred rows are enough; targets are drawn in as Platt does, so that it is finite.

    Raises DataError where only one outcome is there, or the probabilities tell nothing apart.
    """
    p, y = pairs(p, y)
    both(y)
    yes, no = y.sum(), (~y).sum()
    target = np.where(y, (yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0))
    intercept, slope = logistic(np.stack([np.ones(len(p)), logit(p)], 1), target).theta
    return Platt(float(intercept), float(slope))


def isotonic(p: Float[np.ndarray, " n"], y: np.ndarray) -> Isotonic:
    """A free rising curve, for which some thousand rows are needed; never 0 or 1, which no count of rows can teach.

    Raises DataError where only one outcome is there.
    """
    from scipy.optimize import isotonic_regression

    p, y = pairs(p, y)
    both(y)
    said, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    share = np.bincount(place.reshape(-1), weights=y) / counts
    fitted = isotonic_regression(share, weights=counts)
    edges, sizes = fitted.blocks, np.add.reduceat(counts, fitted.blocks[:-1])
    height = np.clip(fitted.x[edges[:-1]], 1.0 / (sizes + 2.0), 1.0 - 1.0 / (sizes + 2.0))
    height = np.maximum.accumulate(height)
    first, last = said[edges[:-1]], said[edges[1:] - 1]
    x, level = np.stack([first, last], 1).reshape(-1), np.repeat(height, 2)
    keep = np.append(True, np.diff(x) > 0)
    return Isotonic(tuple(x[keep].tolist()), tuple(level[keep].tolist()))


def calibration_map(data: Mapping[str, Any]) -> Calibration:
    """The map that `to_dict` wrote. Raises DataError for anything else."""
    try:
        if data["kind"] == "platt":
            return Platt(float(data["intercept"]), float(data["slope"]))
        said, true = tuple(map(float, data["said"])), tuple(map(float, data["comes_true"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("not a calibration map", got=str(data)[:80]) from error
    rising = all(a < b for a, b in pairwise(said)) and list(true) == sorted(true)
    if data["kind"] != "isotonic" or not said or len(said) != len(true) or not rising:
        raise DataError("not a calibration map", got=str(data)[:80], allowed="platt, or isotonic with rising curves")
    return Isotonic(said, true)


def outcomes(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    """Probabilities of no and yes from that of yes."""
    return np.stack([1.0 - p, p], 1)
