"""People of another model than the twin's: chambers by two Hill functions, and arteries of the upper and lower body.

Activation as Mynard JP et al. Int J Numer Methods Biomed Eng 2012;28:626 (doi:10.1002/cnm.1466).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation import TYPICAL_PRESSURES, Circuit, Elastance, Inertance, Resistance, Valve, Vessel
from vitruvian.physiology.circulation import orbit as periodic
from vitruvian.physiology.circulation.activation import Signal


@dataclass(frozen=True)
class TwoHills(Signal):
    """Rise and fall by Hill functions of the share of the beat since `onset`."""

    rise: float
    rise_steep: float
    fall: float
    fall_steep: float
    onset: float

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter(f"fall_{self.name}", self.fall, "1", "share of the beat to half relaxation", 0.0),)

    def __call__(self, phase: Any, p: Values) -> Any:
        at = phase - self.onset
        at = at - jnp.floor(at) + 1e-9
        fall = p[f"fall_{self.name}"]
        return self._shape(at, fall) / self._top

    def _shape(self, at: Any, fall: Any) -> Any:
        up = (at / self.rise) ** self.rise_steep
        return up / (1.0 + up) / (1.0 + (at / fall) ** self.fall_steep)

    @property
    def _top(self) -> float:
        grid = np.linspace(1e-4, 1.0, 2000)
        up = (grid / self.rise) ** self.rise_steep
        return float((up / (1.0 + up) / (1.0 + (grid / self.fall) ** self.fall_steep)).max())


_VENTRICLES = TwoHills("ventricles", 0.269, 1.32, 0.452, 21.9, 0.0)
_ATRIA = TwoHills("atria", 0.110, 1.99, 0.18, 11.2, 0.85)

OTHER = Circuit(
    "other",
    stores=(
        Elastance("left_ventricle", _VENTRICLES, emax=2.6, emin=0.05, v0=10.0, k=0.010),
        Vessel("aorta", compliance=0.7, unstressed=150.0),
        Vessel("upper", compliance=0.25, unstressed=150.0),
        Vessel("lower", compliance=0.55, unstressed=300.0),
        Vessel("veins", compliance=65.0, unstressed=2650.0),
        Elastance("right_atrium", _ATRIA, emax=0.15, emin=0.06, v0=10.0, k=0.008),
        Elastance("right_ventricle", _VENTRICLES, emax=0.6, emin=0.03, v0=12.0, k=0.007),
        Vessel("pulmonary_arteries", compliance=4.5, unstressed=90.0),
        Vessel("pulmonary_veins", compliance=14.0, unstressed=250.0),
        Elastance("left_atrium", _ATRIA, emax=0.28, emin=0.09, v0=8.0, k=0.009),
    ),
    paths=(
        Valve("aortic", "left_ventricle", "aorta", resistance=0.006, area=3.8),
        Inertance("to_upper", "aorta", "upper", resistance=0.08, inertance=0.004),
        Inertance("to_lower", "aorta", "lower", resistance=0.05, inertance=0.003),
        Resistance("head", "upper", "veins", resistance=3.2),
        Resistance("body", "lower", "veins", resistance=1.35),
        Resistance("venous", "veins", "right_atrium", resistance=0.03),
        Valve("tricuspid", "right_atrium", "right_ventricle", resistance=0.003, area=6.0),
        Valve("pulmonary", "right_ventricle", "pulmonary_arteries", resistance=0.004, area=4.0),
        Resistance("lung", "pulmonary_arteries", "pulmonary_veins", resistance=0.09),
        Resistance("pulmonary_venous", "pulmonary_veins", "left_atrium", resistance=0.02),
        Valve("mitral", "left_atrium", "left_ventricle", resistance=0.003, area=4.8),
    ),
    thoracic=frozenset(
        ("left_ventricle", "right_ventricle", "left_atrium", "right_atrium", "pulmonary_arteries", "pulmonary_veins")
    ),
)
_PRESSURES = TYPICAL_PRESSURES | {"upper": 88.0, "lower": 88.0, "veins": 6.0}
_BEAT = {"period": 0.8, "blood_volume": 4600.0, "P_thorax": -4.0}
_SPREADS = (
    (("R_head", "R_body"), 0.20),
    (("C_aorta", "C_upper", "C_lower"), 0.25),
    (("Emax_left_ventricle",), 0.30),
    (("Emin_left_ventricle",), 0.25),
    (("blood_volume",), 0.03),
    (("Emax_left_atrium",), 0.25),
    (("R_lung",), 0.25),
    (("fall_ventricles",), 0.04),
    (("period",), 0.12),
)


def people(count: int, seed: int) -> dict[str, np.ndarray]:
    """Parameters of people of the other model."""
    generator = np.random.default_rng(seed)
    p = {name: np.full(count, value) for name, value in (OTHER.typical | _BEAT).items()}
    for names, spread in _SPREADS:
        factor = np.exp(spread * generator.standard_normal(count))
        for name in names:
            p[name] = p[name] * factor
    return p


def truth(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is true of each person's beat."""
    q = {name: jnp.asarray(value) for name, value in p.items()}
    v = periodic(OTHER, q, OTHER.filled_to(q, _PRESSURES), iterations=30).trace.values
    found = {name: np.asarray(value) for name, value in v.items()}
    arm, volume = found["P_upper"], found["V_left_ventricle"]
    stroke = found["Q_aortic"].mean(0) * p["period"]
    mitral, late = found["Q_mitral"], np.arange(len(arm))[:, None] / len(arm) >= 0.85
    venous = found["P_right_atrium"].mean(0)
    return {
        "heart_rate": 60.0 / p["period"],
        "systolic": arm.max(0),
        "diastolic": arm.min(0),
        "mean_arterial": arm.mean(0),
        "edv": volume.max(0),
        "esv": volume.min(0),
        "ejection_fraction": 1.0 - volume.min(0) / volume.max(0),
        "stroke_volume": stroke,
        "cardiac_output": stroke / p["period"] * 0.06,
        "e_to_a": np.where(late, 0, mitral).max(0) / np.maximum(np.where(late, mitral, 0).max(0), 5.0),
        "left_atrial": found["P_left_atrium"].mean(0),
        "pulmonary_systolic": found["P_pulmonary_arteries"].max(0),
        "resistance": (arm.mean(0) - venous) / (stroke / p["period"]),
        "compliance": p["C_aorta"] + p["C_upper"] + p["C_lower"],
    }


CHANGES = {
    "afterload": lambda p: p | {"R_head": 1.3 * p["R_head"], "R_body": 1.3 * p["R_body"]},
    "preload": lambda p: p | {"blood_volume": p["blood_volume"] + 300.0},
    "rate": lambda p: p | {"period": np.full_like(p["period"], 60.0 / 95.0)},
}
"""Interventions that the twin has not seen."""
