"""The clinical panel: observed AUC ratios against predicted ones, and the scores by which such models are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.pharmacology.interactions.activity import Basis
from vitruvian.pharmacology.interactions.effect import clearance_ratio
from vitruvian.tables.interactions import rows

SETS = ("reference", "own", "library")


@dataclass(frozen=True)
class PanelRow:
    """One observed interaction, its prediction with a 90 % interval, and whether any input was set on it."""

    set: str
    victim: str
    perpetrator: str
    route: str
    observed: float
    predicted: float
    low: float
    high: float
    independent: bool
    source: str


@dataclass(frozen=True)
class PanelScore:
    """Count, geometric-mean fold error, shares within 2-fold, within Guest's limits, and inside the 90 % interval."""

    n: int
    gmfe: float
    within_two_fold: float
    within_guest: float
    covered: float


def panel(which: str, *, basis: Basis = "mechanistic", draws: int = 500, seed: int = 0) -> tuple[PanelRow, ...]:
    """Predictions for one set of the panel: "reference", "own" (wider), "library" (drugs of the library).

    A row is independent unless the victim was the probe that set the perpetrator's strength, or the victim's shares
    were set on that very study (column calibration of the table); on the basis "observed" no row is.
    Raises: UnknownNameError.
    """
    if which not in SETS:
        raise UnknownNameError("unknown panel", got=which, allowed=", ".join(SETS))
    return tuple(_predict(row, basis, draws, seed) for row in rows("panel") if row["set"] == which)


def _predict(row: dict[str, str], basis: Basis, draws: int, seed: int) -> PanelRow:
    effect = clearance_ratio(
        row["victim"], [row["perpetrator"]], basis=basis, route=row["route"], draws=draws, seed=seed
    )
    on_itself = any(probe == effect.victim for _, _, probe in effect.calibrated_on)
    return PanelRow(
        row["set"],
        row["victim"],
        row["perpetrator"],
        row["route"],
        float(row["auc_ratio"]),
        effect.auc_ratio,
        1.0 / effect.quantiles[0.95],
        1.0 / effect.quantiles[0.05],
        basis != "observed" and not on_itself and not row["calibration"],
        row["source"],
    )


def guest_factor(observed: float, variability: float = 1.0) -> float:
    """Fold error allowed by Guest 2011 (doi:10.1124/dmd.110.036103): (v + 2(R - 1))/R, R the ratio or its inverse."""
    ratio = max(observed, 1.0 / observed)
    return (variability + 2.0 * (ratio - 1.0)) / ratio


def score(panel_rows: Sequence[PanelRow]) -> PanelScore:
    """Scores over rows; raises ValueError on none."""
    if not panel_rows:
        raise ValueError("no rows to score")
    observed = np.array([r.observed for r in panel_rows])
    predicted = np.array([r.predicted for r in panel_rows])
    fold = np.exp(np.abs(np.log(predicted / observed)))
    limits = np.array([guest_factor(r.observed) for r in panel_rows])
    inside = np.array([r.low <= r.observed <= r.high for r in panel_rows])
    return PanelScore(
        len(fold),
        float(np.exp(np.log(fold).mean())),
        float((fold <= 2.0).mean()),
        float((fold <= limits + 1e-12).mean()),
        float(inside.mean()),
    )
