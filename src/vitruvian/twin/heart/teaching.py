"""Which measurements taught an unknown: how much wider it would be without each of them."""

from __future__ import annotations

import numpy as np

from vitruvian.twin.heart.fitting import Fit, Seen, curvature
from vitruvian.twin.heart.predict import POINTS, SCALARS

_WORDS = {
    "systolic": "systolic pressure",
    "diastolic": "diastolic pressure",
    "mean_arterial": "mean pressure",
    "edv": "EDV",
    "esv": "ESV",
    "ejection_fraction": "EF",
    "stroke_volume": "stroke volume",
    "log_e_to_a": "E/A",
    "left_atrial": "E/e′",
    "pulmonary_systolic": "pulmonary pressure",
    "central_venous": "central venous pressure",
    "ejection_time": "ejection time",
    "contraction": "QT",
}
GROUPS: dict[str, slice] = {
    **{_WORDS[name]: slice(k, k + 1) for k, name in enumerate(SCALARS)},
    "pressure curve": slice(len(SCALARS), len(SCALARS) + POINTS),
    "flow curve": slice(len(SCALARS) + POINTS, len(SCALARS) + 2 * POINTS),
}
"""What is predicted, by the words of the measurement it stands for."""


def taught_by(k: int, seen: Seen, fit: Fit, most: int = 3) -> tuple[str, ...]:
    """Names of the measurements without which unknown `k` of the first person would be wider by 3 % or more."""
    whole = _sd(k, seen, fit)
    loss = {}
    for name, part in GROUPS.items():
        if (seen.weight[0, part] > 0).any():
            weight = seen.weight.copy()
            weight[0, part] = 0.0
            loss[name] = _sd(k, seen._replace(weight=weight), fit) / whole - 1.0
    ranked = sorted(loss, key=lambda name: -loss[name])
    return tuple(name for name in ranked[:most] if loss[name] >= 0.03)


def _sd(k: int, seen: Seen, fit: Fit) -> float:
    return float(np.sqrt(np.linalg.inv(curvature(fit.slope[:1], Seen(*(part[:1] for part in seen)))[0])[k, k]))
