"""A calibrated risk of one event, of a row of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core import Source
from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.shapes import Contributions, Feature, Learned, Manifest, Rows, Scores, Target
from vitruvian.learn.table import Blend, blend_of, matched
from vitruvian.learn.trust import Conformal, Platt, abstention, conformal_of, outcomes


@dataclass(frozen=True)
class RiskModel(Learned):
    """A blend whose margin goes through a calibration that is a straight line, so that contributions still add up."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    blend: Blend
    calibration: Platt
    conformal: Conformal

    def predict(self, rows: Rows) -> Scores:
        """Calibrated probabilities of no and yes, and sets by class. Raises DataError for features of another model."""
        from scipy.special import expit

        told = matched(self.features, rows)
        probability = outcomes(expit(self._calibrated(self.blend.margin(told.values))))
        sets = self.conformal.sets(probability)
        abstained, why = abstention(sets, self.target.events, self.conformal.level, told)
        return Scores(self.target, probability, sets, abstained, why, self.conformal.level)

    def explain(self, rows: Rows) -> Contributions:
        """Calibrated log-odds of each row, and what each feature added."""
        told = matched(self.features, rows)
        base, moved = self.blend.contributions(told.values)
        moved *= self.calibration.slope
        start = np.full(len(told), float(self._calibrated(base)))
        return Contributions(self.features, start, moved, start + moved.sum(1))

    def _calibrated(self, margin: np.ndarray | float) -> np.ndarray | float:
        return self.calibration.intercept + self.calibration.slope * margin


def _to_parts(model: RiskModel) -> Parts:
    told = {"calibration": model.calibration.to_dict(), "conformal": model.conformal.to_dict()}
    return Parts(told, model.blend.to_arrays())


def _from_parts(header: Header, parts: Parts) -> RiskModel:
    named = (header.name, header.title, header.version, header.features, header.target)
    line = Platt(float(parts.data["calibration"]["intercept"]), float(parts.data["calibration"]["slope"]))
    sets = conformal_of(parts.data["conformal"])
    return RiskModel(*named, header.sources, header.manifest, blend_of(parts.arrays), line, sets)


RISK_MODEL = Kind(_to_parts, _from_parts)
