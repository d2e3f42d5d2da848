"""From torsade metric score to risk class: proportional-odds logistic regression and its two thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from vitruvian.core import DataError, SolveError, UnknownNameError
from vitruvian.systems.cardiac_safety.drug import RISKS, Risk
from vitruvian.tables import cardiac_drugs


@dataclass(frozen=True)
class Thresholds:
    """Scores between low and intermediate, and between intermediate and high risk, µC/µF: a higher score is safer.

    They belong to the data set that they were fitted to. `slope`: log odds per µC/µF, where the fit is known.
    """

    name: str
    low_intermediate: float
    intermediate_high: float
    dataset: str
    drugs: int
    source: str
    slope: float | None = None

    def __post_init__(self) -> None:
        if not self.intermediate_high < self.low_intermediate:
            raise DataError("thresholds of the torsade metric score", got=self, allowed="high below low risk's")

    def classes(self, scores: np.ndarray) -> np.ndarray:
        """Position in `RISKS` of each score."""
        scores = np.asarray(scores, float)
        return (scores < self.low_intermediate).astype(int) + (scores < self.intermediate_high).astype(int)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """(n, 3): of each class at each score, by the fit; raises `DataError` where its slope is not known."""
        if self.slope is None:
            raise DataError(f"thresholds {self.name} have no slope", todo="Fit them: `fitted(scores, risks)`.")
        scores = np.asarray(scores, float)
        above = [expit(-self.slope * (end - scores)) for end in (self.low_intermediate, self.intermediate_high)]
        return np.stack([1.0 - above[0], above[0] - above[1], above[1]], axis=-1)


def thresholds() -> Mapping[str, Thresholds]:
    """Published thresholds by name."""
    return MappingProxyType(
        {
            row["name"]: Thresholds(
                row["name"], float(row["low_intermediate"]), float(row["intermediate_high"]), row["dataset"],
                int(row["drugs"]), row["source"], float(row["slope"]) if row["slope"] else None,
            )
            for row in cardiac_drugs.rows("thresholds")
        }
    )  # fmt: skip


def named_thresholds(name: str) -> Thresholds:
    """Published thresholds; raises `UnknownNameError`."""
    found = thresholds()
    if name not in found:
        raise UnknownNameError("no such thresholds of the torsade metric score", got=name, allowed=", ".join(found))
    return found[name]


def fitted(
    scores: Sequence[float] | np.ndarray, risks: Sequence[Risk], *, name: str = "own", dataset: str = "own"
) -> Thresholds:
    """Thresholds by maximum likelihood from drugs of known class: logit P(class ≥ k) = aₖ + b·score.

    Classes that the scores separate have no finite slope; a weak penalty (10⁻³ of its square, standardised) keeps it
    finite. Raises `DataError` unless every class occurs, `SolveError` where the fit does not converge.
    """
    x, k = np.asarray(scores, float), np.array([RISKS.index(one) for one in risks])
    if x.shape != k.shape or not np.isfinite(x).all() or set(k) != {0, 1, 2}:
        raise DataError("drugs to fit thresholds to", got=list(zip(x.tolist(), risks, strict=False)),
                        allowed="finite scores, one a drug, and drugs of all three classes")  # fmt: skip
    centre, spread = x.mean(), x.std() or 1.0
    z = (x - centre) / spread

    def loss(free: np.ndarray) -> float:
        first, gap, slope = free
        upper = expit(slope * z + first)
        top = expit(slope * z + first - np.exp(gap))
        each = np.choose(k, [1.0 - upper, upper - top, top])
        return float(-np.log(np.maximum(each, 1e-300)).sum() + 1e-3 * slope**2)

    found = minimize(loss, np.array([1.0, 0.5, -1.0]), method="Nelder-Mead",
                     options={"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-9, "fatol": 1e-11})  # fmt: skip
    first, gap, slope = found.x
    if not found.success or slope >= 0.0:
        raise SolveError("no thresholds: higher scores do not go with lower risk", got=found.message)
    ends = [float(centre + spread * -a / slope) for a in (first, first - np.exp(gap))]
    source = f"ordinal logistic regression on {len(x)} drugs"
    return Thresholds(name, ends[0], ends[1], dataset, len(x), source, float(slope / spread))


def left_out(scores: Sequence[float], risks: Sequence[Risk]) -> tuple[Risk, ...]:
    """Class of each drug by thresholds fitted to the others."""
    x = np.asarray(scores, float)
    found = []
    for at in range(len(x)):
        rest = [k for k in range(len(x)) if k != at]
        own = fitted(x[rest], [risks[k] for k in rest])
        found.append(RISKS[int(own.classes(x[at : at + 1])[0])])
    return tuple(found)
