"""From evidence to what the fit aims at: a value and its standard deviation for every quantity that is predicted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from vitruvian.physiology.circulation import CLOSED_LOOP
from vitruvian.twin.heart.evidence import Curve, Evidence
from vitruvian.twin.heart.predict import COUNT, POINTS, SCALARS
from vitruvian.twin.heart.quantities import BY_NAME
from vitruvian.twin.heart.usual import surface, usual

_DISCREPANCY = {
    "systolic": 6.0,
    "diastolic": 5.0,
    "mean_arterial": 4.0,
    "edv": 6.0,
    "esv": 5.0,
    "ejection_fraction": 0.03,
    "stroke_volume": 4.0,
    "log_e_to_a": 0.30,
    "left_atrial": 3.0,
    "pulmonary_systolic": 4.0,
    "central_venous": 2.0,
    "ejection_time": 0.02,
    "contraction": 0.04,
}
"""SD of what this model cannot follow in a heart that is not the model, in the units of what is predicted.

From people of another model (chambers by two Hill functions, another arterial tree), see docs/circulation.md.
"""
CURVE_DISCREPANCY = {"pressure": 8.0, "flow": 80.0}
"""The same for a point of a curve, mmHg and mL/s; wide, as neighbouring points err together."""
_DIRECT = (
    "systolic",
    "diastolic",
    "mean_arterial",
    "edv",
    "ejection_fraction",
    "pulmonary_systolic",
    "central_venous",
)
_QTC = 400.0  # ms
_QT_TO_CONTRACTION = (CLOSED_LOOP.typical["rise_ventricles"] + CLOSED_LOOP.typical["fall_ventricles"]) / (_QTC / 1000.0)
"""Length of contraction in the model over QT, both at 60 beats/min."""
_VTI_SHARE = 0.10
_DIAMETER_SHARE = 0.05
_WAVE_SHARE = 0.07  # so that E/A has 10 %


def base_of(evidence: Evidence) -> dict[str, float]:
    """What a person of this age, sex and size usually has, at this heart rate, with the valves as measured."""
    known = evidence.values
    size = {name: known.get(name) for name in ("age", "height", "weight")}
    p = usual(**size, female=evidence.female) | {"period": evidence.period}
    if "pr_interval" in known:
        p["lead_atria"] = known["pr_interval"] / 1000.0
    areas = {"aortic_valve_area": "A_aortic", "mitral_valve_area": "A_mitral"}
    leaks = {"aortic_leak": "leak_aortic", "mitral_leak": "leak_mitral"}
    for name, parameter in (areas | leaks).items():
        if name in known:
            p[parameter] = known[name]
    return p


def aims(evidence: Evidence, discrepancy: float = 1.0) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Values and 1/SD in the order of what is predicted (0 where nothing was measured).

    `discrepancy`: how much of the model's own error is added; 0 where the person is known to be of this very model.
    """
    value, weight = np.zeros(COUNT), np.zeros(COUNT)
    for name, (aim, error) in _scalars(evidence).items():
        k = SCALARS.index(name)
        value[k], weight[k] = aim, 1.0 / np.hypot(error, discrepancy * _DISCREPANCY[name])
    for k, name in enumerate(("pressure", "flow")):
        if name in evidence.curves:
            curve = evidence.curves[name]
            points = slice(len(SCALARS) + k * POINTS, len(SCALARS) + (k + 1) * POINTS)
            value[points] = resampled(curve, evidence.period)
            size = float(np.abs(curve.value).mean() if name == "pressure" else curve.value.max())
            error = 0.05 * size if curve.error is None else curve.error
            weight[points] = 1.0 / np.hypot(error, discrepancy * CURVE_DISCREPANCY[name])
    return value, weight


def resampled(curve: Curve, period: float) -> Float[np.ndarray, " k"]:
    """The curve at even phases: means over a triangle two points wide each way, as the prediction is."""
    apart = np.arange(POINTS)[:, None] / POINTS - np.mod(curve.time / period, 1.0)
    weight = np.maximum(1.0 - POINTS / 2 * np.abs(apart - np.round(apart)), 0.0) * np.gradient(curve.time)
    total = weight.sum(axis=1)
    order = np.argsort(np.mod(curve.time, period))
    near = np.interp(
        np.arange(POINTS) * period / POINTS, np.mod(curve.time, period)[order], curve.value[order], period=period
    )
    return np.where(total > 1e-12, weight @ curve.value / np.maximum(total, 1e-12), near)


def _scalars(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """Aim and SD of measurement of each quantity of the model that was measured."""
    known, found = evidence.values, {}
    for name in _DIRECT:
        if name in known:
            found[name] = (known[name], _error(evidence, name))
    if "esv" in known and not ({"edv", "ejection_fraction"} <= set(known) and "esv" not in evidence.errors):
        found["esv"] = (known["esv"], _error(evidence, "esv"))  # otherwise it is EDV and EF told twice
    if (stroke := _stroke(evidence)) is not None:
        found["stroke_volume"] = stroke
    if "e_to_a" in known:
        found["log_e_to_a"] = (float(np.log(known["e_to_a"])), _error(evidence, "e_to_a") / known["e_to_a"])
    elif {"e_wave", "a_wave"} <= set(known):
        share = np.hypot(_share(evidence, "e_wave", _WAVE_SHARE), _share(evidence, "a_wave", _WAVE_SHARE))
        found["log_e_to_a"] = (float(np.log(known["e_wave"] / known["a_wave"])), float(share))
    if "e_to_e_prime" in known:
        found["left_atrial"] = (1.9 + 1.24 * known["e_to_e_prime"], 1.24 * _error(evidence, "e_to_e_prime"))
    if "ejection_time" in known:
        found["ejection_time"] = (known["ejection_time"] / 1000.0, _error(evidence, "ejection_time") / 1000.0)
    if "qt_interval" in known:
        qt = known["qt_interval"] - max(known.get("qrs_duration", 100.0) - 100.0, 0.0)
        factor = _QT_TO_CONTRACTION / 1000.0
        found["contraction"] = (factor * qt, factor * _error(evidence, "qt_interval"))
    return found


def _error(evidence: Evidence, name: str) -> float:
    usual_error = BY_NAME[name].error * (evidence.values[name] if BY_NAME[name].relative else 1.0)
    return evidence.errors.get(name, usual_error)


def _share(evidence: Evidence, name: str, usual_share: float) -> float:
    """The error of one measurement as a share of it."""
    return evidence.errors[name] / evidence.values[name] if name in evidence.errors else usual_share


def _stroke(evidence: Evidence) -> tuple[float, float] | None:
    known: Mapping[str, float] = evidence.values
    if "stroke_volume" in known:
        return known["stroke_volume"], _error(evidence, "stroke_volume")
    if "lvot_vti" not in known:
        return None
    share = _share(evidence, "lvot_vti", _VTI_SHARE)
    if "lvot_diameter" in known:
        diameter = known["lvot_diameter"]
        share = float(np.hypot(share, 2 * _share(evidence, "lvot_diameter", _DIAMETER_SHARE)))
    else:
        body = surface(known["height"], known["weight"]) if {"height", "weight"} <= set(known) else 1.8
        diameter = (5.7 * body + 12.1) / 10.0  # Leye M et al. JACC Cardiovasc Imaging 2009;2:1390
        share = max(share, 0.20)
    stroke = known["lvot_vti"] * np.pi * diameter**2 / 4.0
    return stroke, share * stroke
